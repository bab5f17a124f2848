import type * as z from 'zod';
import type { Output } from './outputs.ts';
import type { Emulation, World } from '../emulation/world.ts';

/** What a call does to the archive; the one word from which annotations, listing and the gate's decision follow. */
export type Effect = 'read' | 'write' | 'destructive';

/** Why a change needs a person's yes although it can be put back. */
export const RISKS = ['grants-power', 'opens-mail', 'sends-data-out', 'weakens-protection', 'deletes-at-source', 'locks-out'] as const;
export type Risk = (typeof RISKS)[number];

/** What a call does, on both axes. */
export interface Verdict {
  readonly effect: Effect;
  /** In the order of `RISKS`, each at most once; empty for most calls. */
  readonly risks: readonly Risk[];
}

/** What a stored job action comes to. */
export interface ActionVerdict extends Verdict {
  /** True when jobs of this command keep mail safe, or when the command is not known. */
  readonly protects: boolean;
}

/** What a declaration may use to judge a call, in addition to the arguments and what was read. */
export interface DecisionContext {
  /** The login name that this server itself uses; undefined where it is not known, so that any account may be it. */
  readonly login: string | undefined;
  /** Judges a stored job action such as `CompactStore --id="3"` by the worst that its command can do; what cannot be parsed is the worst. */
  judgeAction(action: unknown): ActionVerdict;
}

/** The editions of the product that a declaration can name; the setting `edition` says which of them can be connected to. */
export type Edition = 'server' | 'spe';

/** Arguments that an edition adds to those of a declaration, by edition. */
export type EditionInput = Readonly<Partial<Record<Edition, InputShape>>>;

/** The command groups; one file in `tools/` for each. */
export const GROUPS = [
  'users',
  'directory-services',
  'credentials',
  'compliance',
  'retention',
  'smtp',
  'storage',
  'backup',
  'stores',
  'indexes',
  'jobs',
  'profiles',
  'folders',
  'messages',
  'system',
  'sessions',
  'license',
] as const;
export type Group = (typeof GROUPS)[number];

/** What can be switched on and off: the groups of commands, the tools that answer a question from several reads, and those that make several changes as one. */
export const TOOLSETS = ['insights', 'plans', ...GROUPS] as const;
export type Toolset = (typeof TOOLSETS)[number];

export type InputShape = Record<string, z.ZodType>;

/** Arguments of a call by their names, of any command. */
export type Arguments = Readonly<Record<string, unknown>>;

/** Arguments after parsing: what `emulate` and the form encoder receive. */
export type ParsedArguments<Input extends InputShape> = z.output<z.ZodObject<Input, z.core.$strict>>;

/** Arguments as a caller writes them. */
export type WrittenArguments<Input extends InputShape> = z.input<z.ZodObject<Input, z.core.$strict>>;

/** One read that shows what a lost end may have left behind. */
export interface EvidenceRead {
  /** The wire name of the command to read with. */
  readonly read: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Of a list, only the rows in which these fields have these values. */
  readonly rows?: Readonly<Record<string, unknown>>;
}

/** A read of what a call is about. */
export interface Look<Args> {
  /** The wire name of the command to read with. */
  readonly read: string;
  /** The arguments of the read. Default: none. */
  args?(args: Args): Readonly<Record<string, unknown>>;
  /** Returns from the value what concerns the call; undefined where the server has no such thing. */
  pick(value: unknown, args: Args): unknown;
}

/** Reads one command by its wire name. Rejects with MailStoreError when the read fails. */
export type ReadCommand = (name: string, args?: Readonly<Record<string, unknown>>) => Promise<unknown>;

/** A finding that takes more than one read, or reads that depend on the arguments. */
export interface Search<Args> {
  /**
   * Returns the finding, or undefined where it cannot be found out; `login` is the account that this server itself uses. A search of many reads begins
   * no more of them once `mayGoOn` returns false: the call that it is for has to be answered in time.
   */
  search(args: Args, read: ReadCommand, login: string, mayGoOn: () => boolean): Promise<unknown>;
}

/** A call of another command, by its wire name. */
export interface CommandCall {
  readonly command: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** What was read for a decision or a question, by the names of its reads, and for a question as `before` the object itself; undefined where it is missing or was not readable. */
export type Found = Readonly<Record<string, unknown>>;

/** What a person reads before saying yes. A yes is bound to all of it except values marked by `drifts`. */
export interface Question<Args> {
  /** Reads that the words need in addition to `before` and `decidesFrom`. */
  readonly reads?: Readonly<Record<string, Look<Args>>>;
  /** The imperative before the object, such as `Delete`, for the first line: `Delete user amira (Amira Okoye)?`. */
  verb(args: Args): string;
  /** Names the one thing that the call is about, such as `user amira (Amira Okoye)`. */
  object(args: Args, found: Found): string;
  /** Names the act for a button, such as `Delete amira`. */
  label(args: Args, found: Found): string;
  /** What becomes of the object, in one to four sentences with the numbers that matter. Values that change by themselves are marked by `drifts`. */
  consequence(args: Args, found: Found): string;
  /** Facts that identify the object in addition to its name, such as addresses and privileges: another object of the same name has other facts. */
  facts?(args: Args, found: Found): string | undefined;
  /** Returns why the call cannot be what was meant, such as a message that is not in the folder; it is refused before anyone is asked. */
  refuse?(args: Args, found: Found): string | undefined;
  /** The name that has to be typed before something is lost for good. Undefined if a plain yes is enough. */
  typed?(args: Args, found: Found): string | undefined;
}

/** What someone has to know of a call that its arguments do not show, such as what undoes it later. */
export interface Cautions<Args> {
  /** Reads that the sentences need in addition to `decidesFrom`. */
  readonly reads?: Readonly<Record<string, Look<Args> | Search<Args>>>;
  /**
   * Returns one sentence for each trap. What could not be read is undefined in `found`; of that, nothing is said. `now` is in milliseconds since the
   * Unix epoch. Values that change by themselves are marked by `drifts`.
   */
  list(args: Args, found: Found, now: number): readonly (string | undefined)[];
}

/** Whether a change can be put back. */
type Way<Args> =
  | {
      /**
       * The call that puts the change back, from the object as `before` found it and as it reads now; undefined where these do not allow it.
       * `after` is undefined where the object could not be read afterwards, as after a lock-out, or its task has not ended, and null where it is gone.
       */
      inverse(args: Args, before: unknown, after: unknown): CommandCall | undefined;
      readonly irreversible?: never;
      readonly nothingLost?: never;
    }
  | {
      /** Why no call puts the change back: one sentence. */
      readonly irreversible: string;
      readonly inverse?: never;
      /** True where nothing is lost that anyone would want back, as in a rebuild from what is there. */
      readonly nothingLost?: true;
    };

type ReadSafety = {
  readonly effect: 'read';
  /** Default: true. */
  readonly idempotent?: boolean;
  readonly inverse?: never;
  readonly irreversible?: never;
  readonly nothingLost?: never;
};
type Changing<Args> = {
  readonly effect: 'write' | 'destructive';
  /** True when repeating the same call leaves the same end state. */
  readonly idempotent: boolean;
} & Way<Args>;

/** What a call does to the archive, and how it is undone. A declaration of a change has to state both. */
type Safety<Args> = ReadSafety | Changing<Args>;

interface CommandFields<Input extends InputShape, Row extends z.ZodType> {
  /** The wire name, exactly as MailStore spells it. */
  readonly name: string;
  readonly title: string;
  /** What a model reads to choose the tool: at most 160 characters, the deciding words first. */
  readonly summary: string;
  readonly group: Group;
  readonly editions: readonly Edition[];
  /** True for the one read that proves connection and login in every form of the API. */
  readonly connectionTest?: true;
  /** True for the read whose answer also says the time here and the zone in which times are asked for and shown, and with which login and access this server works. */
  readonly showsClock?: true;
  /** When the command appeared, as far as a source states it; absent for those known since 9.0 or earlier. */
  readonly since?: string;
  /** True where no source proves that a Server has the command: it is offered only where the server's own metadata lists it. */
  readonly doubtful?: true;
  /** The mildest and the worst effect that `effectOf` can return; stated wherever `effectOf` is. */
  readonly effectRange?: readonly [mildest: Effect, worst: Effect];
  /** The effect of these very arguments, where arguments change it; `effect` is that of a call in general. */
  effectOf?(args: ParsedArguments<Input>, found: Found, context: DecisionContext): Effect;
  /** The risks that a call can have; without `risk`, every call has all of them. */
  readonly risks?: readonly [Risk, ...Risk[]];
  /** Those of `risks` that every call has, in addition to the ones that `risk` returns. */
  readonly certainRisks?: readonly Risk[];
  /** The risks of these very arguments, a part of `risks`. */
  risk?(args: ParsedArguments<Input>, found: Found, context: DecisionContext): readonly Risk[];
  /**
   * What `effectOf` and `risk` depend on and the arguments do not show, by name. It is read before the gate decides; a name that is
   * undefined in `found` could not be read, and the worst is assumed.
   */
  readonly decidesFrom?: Readonly<Record<string, Look<ParsedArguments<Input>> | Search<ParsedArguments<Input>>>>;
  /** True when a job that runs this command keeps mail safe, so that stopping the job weakens protection. */
  readonly protects?: true;
  /** The read that shows what the call changes, made before it and again after it: only the fields that the call can change. */
  readonly before?: Look<ParsedArguments<Input>>;
  /** What a person is asked before a destructive or risky call. */
  readonly question?: Question<ParsedArguments<Input>>;
  /** What is said before and with the answer of a change. */
  readonly cautions?: Cautions<ParsedArguments<Input>>;
  /** True for a command that is expected to answer with a token. Any command may, and is then followed like one that was. */
  readonly longRunning?: true;
  readonly input: Input;
  /** Arguments that an edition adds to `input`. Those marked by `f.scope` are carried by reads made for the call and by its inverse. */
  readonly editionInput?: EditionInput;
  /** Arguments with only one accepted value: always sent, and not part of the tool. */
  readonly constants?: Readonly<Record<string, string>>;
  /**
   * Arguments that would be cleared when left out: absent, they are read with `read` first and sent unchanged; null clears.
   * `pick` returns the current values by argument name, or undefined when the object does not exist; null is nothing to keep, and a value
   * that is undefined is one that the read does not show, which has to be stated then.
   */
  readonly keepAbsent?: {
    readonly names: readonly (keyof Input & string)[];
    readonly read: string;
    pick(current: unknown, args: ParsedArguments<Input>): Readonly<Record<string, unknown>> | undefined;
  };
  /**
   * The argument that is a configuration object, which the server replaces as a whole. It is read first, and fields that the caller leaves out
   * are sent with the value that they have; a field that the read does not show, such as a password, has to be stated.
   */
  readonly mergesInto?: {
    readonly argument: keyof Input & string;
    readonly read: string;
    args?(args: ParsedArguments<Input>): Readonly<Record<string, unknown>>;
  };
  /**
   * The reads that corroborate how a run ended whose end was lost; `since` is when it was started, as UTC `YYYY-MM-DDThh:mm:ss`.
   * Absent where no read can show it.
   */
  evidence?(args: ParsedArguments<Input>, since: string): readonly EvidenceRead[];
  readonly output: Output<Row>;
  /** The fields of the rows that the server leaves empty with these arguments; a value in them says nothing. */
  unaskedFields?(args: ParsedArguments<Input>): readonly string[];
  /** Calls that work against the sandbox's seeded world; the first is the one shown in documentation. */
  readonly examples: readonly [WrittenArguments<Input>, ...WrittenArguments<Input>[]];
  /** The command's behaviour in the sandbox. A generator is a long run: each yield is a step, the return value its result. */
  emulate(world: World, args: ParsedArguments<Input>): Emulation<z.input<Row>>;
  /** How the 2012 edition shaped the value, where it differs from today. */
  emulate2012?(value: z.input<Row>): unknown;
}

export type CommandDeclaration<Input extends InputShape, Row extends z.ZodType> = CommandFields<Input, Row> &
  Safety<ParsedArguments<Input>>;

/** Returns whether repeating the same call leaves the same end state. */
export function isIdempotent({ effect, idempotent = effect === 'read' }: Pick<Command, 'effect' | 'idempotent'>): boolean {
  return idempotent;
}

/** A declaration whose argument and result types are no longer known, as registries and loops handle it. */
export type Command = CommandDeclaration<InputShape, z.ZodType>;

/**
 * Declares one MailStore command: the tool, its schema and annotations, its policy class, its form encoding, its documentation and its
 * sandbox behaviour all follow from the object given here.
 */
export function defineCommand<Input extends InputShape, Row extends z.ZodType>(
  declaration: CommandDeclaration<Input, Row>,
): CommandDeclaration<Input, Row> {
  return declaration;
}
