import { defineResource, type Resource, type ValueSource } from '../../src/catalogue/define-resource.ts';

export const userNames: ValueSource = { read: 'GetUsers', field: 'userName' };
export const fullNames: ValueSource = { read: 'GetUsers', field: 'fullName' };
/** An address of the domain of this archive. */
export const senderAddress: ValueSource = { read: 'GetSmtpSettings', field: 'fromEmailAddress' };
const storeIds: ValueSource = { read: 'GetStores', args: { includeSize: false }, field: 'id' };
export const storeNames: ValueSource = { read: 'GetStores', args: { includeSize: false }, field: 'name' };
const profileIds: ValueSource = { read: 'GetProfiles', field: 'id' };
const jobIds: ValueSource = { read: 'GetJobs', field: 'id' };

/** What a person can hand to a model as context, the lists first. */
export const resources: readonly Resource[] = [
  defineResource({ name: 'users', title: 'Users', description: 'The user accounts.', path: 'users', read: 'GetUsers' }),
  defineResource({
    name: 'stores',
    title: 'Archive stores',
    description: 'The archive stores with their state.',
    path: 'stores',
    read: 'GetStores',
  }),
  defineResource({
    name: 'profiles',
    title: 'Profiles',
    description: 'The archiving and export profiles.',
    path: 'profiles',
    read: 'GetProfiles',
  }),
  defineResource({ name: 'jobs', title: 'Jobs', description: 'The scheduled jobs.', path: 'jobs', read: 'GetJobs' }),
  defineResource({
    name: 'user',
    title: 'A user',
    description: 'One user: login type, addresses, privileges and rights on archives.',
    path: 'users/{userName}',
    read: 'GetUserInfo',
    args: (userName) => ({ userName }),
    values: userNames,
  }),
  defineResource({
    name: 'store',
    title: 'An archive store',
    description: 'One archive store.',
    path: 'stores/{id}',
    read: 'GetStores',
    rowsWhere: 'id',
    values: storeIds,
  }),
  defineResource({
    name: 'profile',
    title: 'A profile',
    description: 'One profile.',
    path: 'profiles/{id}',
    read: 'GetProfiles',
    rowsWhere: 'id',
    values: profileIds,
  }),
  defineResource({
    name: 'job',
    title: 'A job',
    description: 'One scheduled job.',
    path: 'jobs/{id}',
    read: 'GetJobs',
    rowsWhere: 'id',
    values: jobIds,
  }),
];
