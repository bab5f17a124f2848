import { expect, test } from 'vitest';
import { describeCommand } from '../../../../src/tester/describe-commands.ts';
import { makeDrafts } from '../../../../src/tester/web/page/drafts.ts';
import { applyWay, findWays } from '../../../../src/tester/web/page/ways.ts';
import { commandNamed } from '../../../helpers/start-client.ts';

const { fields } = describeCommand(commandNamed('SetJobSchedule'));

function shownFields(args: Readonly<Record<string, unknown>>, chosen?: string): readonly string[] {
  const choice = findWays(fields, makeDrafts(fields, args), chosen);
  const names = applyWay(fields, choice).flatMap(({ name, isRequired, choiceOf }) => (choiceOf ? [isRequired ? name : `${name}?`] : []));
  return [choice?.way ?? 'none', ...names];
}

test('a schedule is one choice, and each way has its own fields', () => {
  expect(findWays(fields, {}, undefined)).toEqual({
    title: 'When it runs',
    ways: ['once', 'every few minutes or hours', 'every day', 'every week', 'every month'],
    way: undefined,
  });
  expect([
    shownFields({}),
    shownFields({}, 'once'),
    shownFields({}, 'every week'),
    shownFields({ interval: 60 }),
    shownFields({ time: '01:30' }),
    shownFields({ time: '01:30', dayOfWeek: 'Monday' }),
    shownFields({ time: '01:30', dayOfWeek: 'Monday', dayOfMonth: '5' }),
  ]).toEqual([
    ['none'],
    ['once', 'date'],
    ['every week', 'time', 'dayOfWeek'],
    ['every few minutes or hours', 'interval'],
    ['every day', 'time'],
    ['every week', 'time', 'dayOfWeek'],
    ['every month', 'time', 'dayOfWeek?', 'dayOfMonth'],
  ]);
  expect(findWays(describeCommand(commandNamed('GetUserInfo')).fields, {}, undefined)).toBeUndefined();
});
