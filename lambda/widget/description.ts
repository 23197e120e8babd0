/**
 * What the widget says of itself, as CloudWatch's console shows it to those who add one.
 */

/** Markdown, which is what a custom widget answers to `{"describe": true}`. */
export const DESCRIPTION = `## hardcap: caps
Every cap of hardcap with what its running window has settled and reserved, what remains, and when
it resets. Caps at or near their limits come first. It reads two tables and changes nothing.

### Parameters
Parameter | Meaning
---|---
**filter** | Shows only some caps: a name or part of one, \`prod-*\`, \`key:alice\` or \`team:red\`
**chosen** | Shows the past windows of one cap: its id, with \`#\` and the value for a split one

### Example
\`\`\` yaml
filter: team:red
\`\`\`
`;
