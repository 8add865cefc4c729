/**
 * Whether the handler takes a pattern of the user's, found out at synthesis.
 *
 * What patterns may hold is written in `handler/texts/pattern_syntax.py`, how their steps are counted in `patterns.py` beside
 * it, of which this is the same in TypeScript; `tests/patterns.json` is tried on both.
 */

import { IConstruct } from 'constructs';
import { checkText, isKnown, refuse, show } from '../validate';

const MOST_STEPS = 2048;
const LONGEST_PATTERN = 500;
const REACHES = [4096, 2048, 1024, 512, 256, 128, 64];
const ONE = 2;
const AGAIN = 6;
const MOST_REPEATS = 4096;
const DEEPEST = 20;
const HUGE = 1e9;

// A set of characters: a bit for each of ASCII, one for all others, one for the end of the pattern.
const OTHERS = 1n << 128n;
const END = 1n << 129n;
const CHARACTERS = END - 1n;
const EVERYTHING = END | CHARACTERS;

function setOf(characters: string): bigint {
  return [...characters].reduce((bits, one) => bits | (one < '\x80' ? 1n << BigInt(one.charCodeAt(0)) : OTHERS), 0n);
}

const DIGITS = setOf('0123456789');
const WORD = DIGITS | setOf('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_');
const SPACE = setOf(' \t\n\r\f\v');
const CLASSES = new Map([
  ['d', DIGITS], ['w', WORD], ['s', SPACE],
  ['D', CHARACTERS & ~DIGITS], ['W', CHARACTERS & ~WORD], ['S', CHARACTERS & ~SPACE],
]);
const CONTROLS = new Map([['t', '\t'], ['n', '\n'], ['r', '\r'], ['f', '\f'], ['v', '\v']]);
const HEX_LENGTHS = new Map([['x', 2], ['u', 4]]);
const SIMPLE_REPEATS = new Map<string, Limits>([['*', [0, undefined]], ['+', [1, undefined]], ['?', [0, 1]]]);

type Limits = [number, number | undefined];

/** Part of a pattern: the characters it can begin with, and whether it can match the empty text. */
interface Part {
  readonly first: bigint;
  readonly nullable: boolean;
}

type Node =
  | Part & { readonly kind: 'character'; readonly literal: string }
  | Part & { readonly kind: 'place' }
  | Part & { readonly kind: 'sequence' | 'choice'; readonly nodes: Node[] }
  | Part & { readonly kind: 'secret'; readonly body: Node }
  | Part & { readonly kind: 'repeat'; readonly body: Node; readonly least: number; readonly most?: number; readonly lazy: boolean };

interface Cost {
  readonly steps: number;
  readonly ways: number;
}

/** Say why the handler would refuse a pattern, and what to do; nothing if it takes it. */
export function refusalOf(pattern: string): string | undefined {
  try {
    check(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

class Refusal extends Error {}

function check(pattern: string): void {
  const node = new Parser(pattern).parse();
  const [start, period] = beginning(node);
  let steps = 0;
  for (const reach of REACHES) {
    steps = start * ONE + Math.ceil(costOf(node, END, reach).steps / period);
    if (steps <= MOST_STEPS) return;
  }
  const shown = steps < HUGE ? steps.toLocaleString('en-US') : 'more than a billion';
  throw new Refusal(`takes up to ${shown} steps for each character of a text, of which ${MOST_STEPS.toLocaleString('en-US')} are allowed; ` +
    'limit repeats ({1,9}); let what follows a repeat be what it cannot match, as in [^"]*" for .*"; or leave out .* at the beginning');
}

function costOf(node: Node, follow: bigint, reach: number): Cost {
  switch (node.kind) {
    case 'character':
    case 'place':
      return { steps: ONE, ways: 1 };
    case 'secret':
      return costOf(node.body, follow, reach);
    case 'choice': {
      const costs = node.nodes.map((branch) => costOf(branch, follow, reach));
      const ways = costs.map((cost) => cost.ways);
      return {
        steps: Math.min(sum(costs.map((cost) => cost.steps)) + costs.length, HUGE),
        ways: Math.min(nextDecides(node.nodes) ? Math.max(...ways) : sum(ways), HUGE),
      };
    }
    case 'repeat':
      return costOfRepeat(node, follow, reach);
    case 'sequence': {
      let [steps, ways, after] = [0, 1, follow];
      for (const item of [...node.nodes].reverse()) {
        const cost = costOf(item, after, reach);
        steps = Math.min(cost.steps + cost.ways * (steps + (cost.ways > 1 ? AGAIN : 0)), HUGE);
        ways = Math.min(cost.ways * ways, HUGE);
        after = item.first | (item.nullable ? after : 0n);
      }
      return { steps, ways };
    }
  }
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function nextDecides(branches: Node[]): boolean {
  let seen = 0n;
  for (const branch of branches) {
    if (branch.nullable || seen & branch.first) return false;
    seen |= branch.first;
  }
  return true;
}

function costOfRepeat(node: Node & { kind: 'repeat' }, follow: bigint, reach: number): Cost {
  const { least, body } = node;
  const most = node.most ?? Math.max(reach, least);
  const cost = costOf(body, follow | (most > 1 ? body.first : 0n), reach);
  if (node.most === undefined && follow === END && !node.lazy && body.kind === 'character') {
    return { steps: least + ONE, ways: 1 };
  }
  if (cost.ways === 1) {
    const decided = !(body.first & follow) || least === most;
    const each = body.kind === 'character' ? 1 : cost.steps;
    return { steps: Math.min(most * each + ONE, HUGE), ways: decided ? 1 : most - least + 1 };
  }
  let [steps, ways, power] = [ONE, least === 0 ? 1 : 0, 1];
  for (let count = 1; count <= most && steps <= HUGE; count++) {
    steps += power * cost.steps;
    power *= cost.ways;
    ways += count >= least ? power : 0;
  }
  return { steps: Math.min(steps, HUGE), ways: Math.min(ways, HUGE) };
}

/** How long the literal text is that a pattern begins with, and how close two of these can be. */
function beginning(node: Node): [number, number] {
  const start: string[] = [];
  for (const item of node.kind === 'sequence' ? node.nodes : [node]) {
    if (item.kind === 'place') continue;
    if (item.kind !== 'character' || !item.literal) break;
    start.push(item.literal);
  }
  const repeats = (shift: number) => start.every((one, at) => at < shift || one === start[at - shift]);
  const period = start.findIndex((_, shift) => shift > 0 && repeats(shift));
  return [start.length, Math.max(period < 0 ? start.length : period, 1)];
}

class Parser {
  private readonly characters: string[];
  private position = 0;
  private depth = 0;
  private ignoreCase = false;
  private secret = false;

  public constructor(pattern: string) {
    this.characters = [...pattern];
  }

  public parse(): Node {
    if (this.characters.length > LONGEST_PATTERN) {
      this.refuse(`has ${this.characters.length} characters, of which ${LONGEST_PATTERN} are allowed`, 'shorten it');
    }
    if (this.startsWith('(?i)')) {
      this.ignoreCase = true;
      this.position = 4;
    }
    const node = this.choice();
    if (this.peek() === ')') this.refuse('has a ")" too many', 'write \\) for the character');
    if (node.nullable) this.refuse('matches the empty text', 'write + for *, or leave out ?');
    return node;
  }

  private refuse(reason: string, remedy: string): never {
    throw new Refusal(`${reason}; ${remedy}`);
  }

  private startsWith(text: string): boolean {
    return this.characters.slice(this.position, this.position + text.length).join('') === text;
  }

  private peek(ahead = 0): string {
    return this.characters[this.position + ahead] ?? '';
  }

  private take(): string {
    const character = this.peek();
    this.position++;
    return character;
  }

  private choice(): Node {
    const nodes = [this.sequence()];
    while (this.peek() === '|') {
      this.take();
      nodes.push(this.sequence());
    }
    if (nodes.length === 1) return nodes[0];
    const first = nodes.reduce((all, branch) => all | branch.first, 0n);
    return { kind: 'choice', nodes, first, nullable: nodes.some((branch) => branch.nullable) };
  }

  private sequence(): Node {
    const nodes: Node[] = [];
    while (!['', '|', ')'].includes(this.peek())) {
      nodes.push(this.repeated(this.atom()));
    }
    let [first, nullable] = [0n, true];
    for (const item of nodes) {
      if (nullable) first |= item.first;
      nullable &&= item.nullable;
    }
    return nodes.length === 1 ? nodes[0] : { kind: 'sequence', nodes, first, nullable };
  }

  private repeated(body: Node): Node {
    const limits = this.limits();
    if (!limits) return body;
    if (body.kind === 'place') this.refuse('repeats what matches no character', 'leave out the repeat');
    if (body.nullable) this.refuse('repeats what may be empty', 'write (?:a+)* as a*, and leave out what is optional twice');
    if (body.kind === 'secret') this.refuse('repeats its secret', 'put the repeat into the group: (?P<secret>(?:ab)+)');
    const lazy = this.peek() === '?';
    if (lazy) this.take();
    if (this.limits()) this.refuse('has a repeat of a repeat', 'leave out one of them');
    return { kind: 'repeat', body, least: limits[0], most: limits[1], lazy, first: body.first, nullable: limits[0] === 0 };
  }

  private limits(): Limits | undefined {
    const simple = SIMPLE_REPEATS.get(this.peek());
    if (simple) {
      this.take();
      return simple;
    }
    if (this.peek() !== '{') return undefined;
    const found = /^\{([0-9]{1,5})(?:(,)([0-9]{1,5})?)?\}/.exec(this.characters.slice(this.position, this.position + 13).join(''));
    if (!found) this.refuse('has a "{" that is no repeat', 'write \\{ for the character');
    this.position += found[0].length;
    const least = Number(found[1]);
    const most = found[3] ? Number(found[3]) : found[2] ? undefined : least;
    if (Math.max(least, most ?? 0) > MOST_REPEATS || most === 0 || (most !== undefined && most < least)) {
      this.refuse(`has the repeat ${found[0]}`, `give limits from small to large, up to ${MOST_REPEATS}`);
    }
    return [least, most];
  }

  private atom(): Node {
    const character = this.take();
    switch (character) {
      case '(': return this.group();
      case '[': return this.class();
      case '.': return { kind: 'character', first: CHARACTERS & ~setOf('\n'), nullable: false, literal: '' };
      case '^':
      case '$': return { kind: 'place', first: EVERYTHING, nullable: true };
      case '*':
      case '+':
      case '?':
      case '{': return this.refuse(`has "${character}" with nothing before it to repeat`, `write \\${character} for the character`);
      case '\\': {
        if ('bB'.includes(this.peek()) && this.peek()) {
          this.take();
          return { kind: 'place', first: EVERYTHING, nullable: true };
        }
        const escaped = this.escape();
        return typeof escaped === 'string' ? this.literal(escaped) : { kind: 'character', first: escaped, nullable: false, literal: '' };
      }
      default: return this.literal(character);
    }
  }

  private literal(character: string): Node {
    return { kind: 'character', first: this.bothCases(setOf(character)), nullable: false, literal: this.ignoreCase ? '' : character };
  }

  private group(): Node {
    if (++this.depth > DEEPEST) this.refuse(`has groups more than ${DEEPEST} deep`, 'write it with fewer');
    const secret = this.startsWith('?P<secret>');
    if (this.peek() === '?') {
      if (!secret && !this.startsWith('?:')) {
        const found = this.characters.slice(this.position - 1, this.position + 3).join('');
        this.refuse(`has "${found}", which is not supported`, 'there are (...), (?:...), one (?P<secret>...), and (?i) in front');
      }
      this.position += secret ? 10 : 2;
    }
    if (secret && this.secret) this.refuse('has two secrets', 'give one, or two patterns');
    this.secret ||= secret;
    const body = this.choice();
    if (this.take() !== ')') this.refuse('has a "(" that is not closed', 'write \\( for the character');
    this.depth--;
    return secret ? { kind: 'secret', body, first: body.first, nullable: body.nullable } : body;
  }

  /** The character that is escaped, or the set of a class. */
  private escape(): string | bigint {
    const character = this.take();
    const known = CLASSES.get(character) ?? CONTROLS.get(character);
    if (known !== undefined) return known;
    const length = HEX_LENGTHS.get(character);
    if (length) {
      const digits = this.characters.slice(this.position, this.position + length).join('');
      this.position += length;
      const point = parseInt(digits, 16);
      if (!/^[0-9A-Fa-f]+$/.test(digits) || digits.length !== length || (point >= 0xd800 && point <= 0xdfff)) {
        this.refuse(`has "\\${character}${digits}"`, 'write \\x40 or \\u20ac for a character');
      }
      return String.fromCharCode(point);
    }
    if (!character) this.refuse('ends in "\\"', 'write \\\\ for the character');
    if (character > '\x7f' || /[0-9A-Za-z]/.test(character)) {
      this.refuse(`has "\\${character}", which is not supported`, 'there are \\d \\w \\s \\D \\W \\S \\b \\B \\t \\n \\r \\f \\v \\xhh \\uhhhh and escaped punctuation');
    }
    return character;
  }

  private class(): Node {
    const negated = this.peek() === '^';
    if (negated) this.take();
    let [bits, items] = [0n, 0];
    for (let character = this.take(); character !== ']'; character = this.take()) {
      items++;
      const low = this.classItem(character);
      if (typeof low === 'bigint') {
        bits |= low;
        continue;
      }
      let high = low;
      if (this.peek() === '-' && ![']', ''].includes(this.peek(1))) {
        this.take();
        const end = this.classItem(this.take());
        if (typeof end === 'bigint' || end.codePointAt(0)! < low.codePointAt(0)!) {
          return this.refuse('has a class with a range from large to small', 'write \\- for the character');
        }
        high = end;
      }
      for (let point = low.codePointAt(0)!; point <= Math.min(high.codePointAt(0)!, 127); point++) bits |= 1n << BigInt(point);
      if (high > '\x7f') bits |= OTHERS;
    }
    if (!items) this.refuse('has an empty class', 'write \\[ or \\] for the character');
    bits = this.bothCases(bits);
    return { kind: 'character', first: negated ? (CHARACTERS & ~bits) | OTHERS : bits, nullable: false, literal: '' };
  }

  private classItem(character: string): string | bigint {
    if (!character || character === '[') {
      this.refuse('has a "[" that is not closed, or one in a class', 'write \\[ for the character');
    }
    return character === '\\' ? this.escape() : character;
  }

  private bothCases(bits: bigint): bigint {
    if (!this.ignoreCase) return bits;
    const [upper, lower] = [0x3ffffffn << 65n, 0x3ffffffn << 97n];
    return bits | (bits & upper) << 32n | (bits & lower) >> 32n;
  }
}

/** Refuse a pattern that the handler would refuse. */
export function checkPattern(scope: IConstruct, property: string, pattern: string): void {
  checkText(scope, property, pattern);
  if (!isKnown(pattern)) {
    refuse(scope, `${property} is a pattern known only at deployment, which nobody could check; give a literal one`);
  }
  const refusal = refusalOf(pattern);
  if (refusal) refuse(scope, `${property} is ${show(pattern)}, which ${refusal}`);
}
