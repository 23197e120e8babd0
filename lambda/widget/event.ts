/**
 * What CloudWatch calls a custom widget with, and what of it the board is asked.
 *
 * An event is the widget's own parameters, or those of the action that was chosen, with a
 * `widgetContext` beside them: "Details about custom widgets" in CloudWatch's user guide.
 * Invariant: every part of it may be missing or of another type; none is trusted.
 */
import type { Theme } from '../adapters/page/palette.ts';
import type { BoardRequest } from '../application/cap-board.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Far more than a partition key can hold. */
const MAX_CHOSEN_CHARACTERS = 2_048;
const MAX_PAGE = 1_000_000;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** Whether it asks what the widget is, which the console does when one is added by hand. */
export const asksForDescription = (event: unknown): boolean => fieldsOf(event).describe === true;

/** The viewer's theme; light where it is not told. */
export const themeOf = (event: unknown): Theme =>
  fieldsOf(fieldsOf(event).widgetContext).theme === 'dark' ? 'dark' : 'light';

/** The view that is asked for; what the action says goes before what the field holds. */
export function boardRequestOf(event: unknown): BoardRequest {
  const fields = fieldsOf(event);
  const { forms } = fieldsOf(fields.widgetContext);
  const typed = textOf(fieldsOf(fieldsOf(forms).all).filter);
  const page = Number(fields.page);
  const chosen = textOf(fields.chosen)?.slice(0, MAX_CHOSEN_CHARACTERS);
  return {
    // The action of "Apply" names no filter, so the field's holds; that of "Clear" names none of
    // its text, and so clears it.
    filter: textOf(fields.filter) ?? typed ?? '',
    page: Number.isInteger(page) && page > 0 && page <= MAX_PAGE ? page : 1,
    ...(chosen === undefined || chosen === '' ? {} : { chosen }),
  };
}
