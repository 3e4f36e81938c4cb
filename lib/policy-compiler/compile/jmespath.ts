import {
  EmptyExpressionError,
  IncompleteExpressionError,
  LexerError,
  ParseError,
  search,
  UnknownFunctionError,
} from '@aws-lambda-powertools/jmespath';
import { nearest } from '../source/nearest.ts';

/** @see JMESPath specification, "Built-in functions" */
const FUNCTIONS = (
  'abs avg ceil contains ends_with floor join keys length map max max_by merge min min_by not_null reverse sort ' +
  'sort_by starts_with sum to_array to_number to_string type values'
).split(' ');

/** Matches texts and quoted names as a whole, so that `foo(` inside them is not a call. */
const TOKEN = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|([A-Za-z_][A-Za-z0-9_]*)\s*\(/g;

interface ExpressionProblem {
  readonly message: string;
  readonly offset: number;
  readonly hint?: string;
}

/**
 * What is wrong with a JMESPath expression; undefined if nothing is. Does not check what it yields, which depends on the
 * trigger.
 *
 * @example jmespathProblem('detail.instance-id')?.hint // 'write detail."instance-id"'
 */
export function jmespathProblem(expression: string): ExpressionProblem | undefined {
  const problem = syntaxProblem(expression);
  if (!problem) return undefined;
  const corrected = withNamesQuoted(expression);
  if (corrected === expression || syntaxProblem(corrected)) return problem;
  return {
    message: 'not JMESPath: put a name with a hyphen in double quotes',
    offset: problem.offset,
    hint: `write ${corrected}`,
  };
}

/** Matches texts and quoted names as a whole, so that a hyphen inside them is kept. */
const HYPHENATED = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|([A-Za-z_]\w*(?:-\w+)+)/g;

const withNamesQuoted = (expression: string): string =>
  expression.replace(HYPHENATED, (token: string, name: string | undefined) => (name ? `"${name}"` : token));

function syntaxProblem(expression: string): ExpressionProblem | undefined {
  try {
    search(expression, {});
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return problemOf(error, expression) ?? unknownFunction(expression);
  }
  return unknownFunction(expression);
}

/**
 * What an error of a search in an empty document says of the expression. Undefined for an argument of the wrong type or
 * number: the empty document causes these errors, too.
 */
function problemOf(error: Error, expression: string): ExpressionProblem | undefined {
  if (error instanceof LexerError) {
    return { message: `not JMESPath: unexpected "${error.lexerValue}"`, offset: error.lexerPosition };
  }
  if (error instanceof IncompleteExpressionError) {
    return { message: 'not JMESPath: it ends too early', offset: Math.max(0, expression.length - 1) };
  }
  if (error instanceof ParseError) {
    const what = error.reason ?? `unexpected "${String(error.tokenValue)}"`;
    return { message: `not JMESPath: ${what}`, offset: Math.max(0, error.lexPosition) };
  }
  if (error instanceof EmptyExpressionError) return { message: 'not JMESPath: it is empty', offset: 0 };
  if (error instanceof RangeError) return { message: 'not JMESPath: nested too deeply', offset: 0 };
  if (error instanceof UnknownFunctionError)
    return unknownFunction(expression) ?? { message: error.message, offset: 0 };
  return undefined;
}

function unknownFunction(expression: string): ExpressionProblem | undefined {
  for (const { 1: name, index } of expression.matchAll(TOKEN)) {
    if (name === undefined || FUNCTIONS.includes(name)) continue;
    const near = nearest(name, FUNCTIONS);
    return {
      message: `JMESPath has no function ${name}()`,
      offset: index,
      hint: near && `did you mean ${near}()?`,
    };
  }
  return undefined;
}
