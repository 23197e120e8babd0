/**
 * A board, or what kept it from being read, as CloudWatch's custom widget shows it.
 *
 * CloudWatch takes scripts, frames and `<use>` out of what a widget answers, so it has none:
 * "Security and JavaScript" of custom widgets in CloudWatch's user guide.
 */
import type { Board } from '../../application/cap-board.ts';
import { boardView } from './board-view.ts';
import { Html, html } from './html.ts';
import { widgetNavigation } from './navigation.ts';
import type { Theme } from './palette.ts';
import { styleSheet } from './style.ts';

/** The class keeps CloudWatch's own style of tables and links away. */
function frame(theme: Theme, content: Html): string {
  const style = new Html(`<style>${styleSheet(theme)}</style>`);
  return html`<div class="hc cwdb-no-default-styles">${style}${content}</div>`.markup;
}

/** @param functionArn of the function that answers the widget's actions */
export function widgetPage(board: Board, theme: Theme, functionArn: string): string {
  const navigation = widgetNavigation(functionArn);
  return frame(theme, html`${navigation.filterForm(board.filter)}${boardView(board, navigation)}`);
}

/** What went wrong, in words that somebody can act on. */
export function widgetProblem(theme: Theme, problem: string): string {
  const title = html`<strong>The caps could not be read.</strong>`;
  return frame(theme, html`<div class="alert" role="alert">${title}${problem}</div>`);
}
