/**
 * Contrast of two colours, as WCAG 2.2 defines it: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
 */

type Rgb = readonly [number, number, number];

/** Reads `#rrggbb`, `rgb(r, g, b)` and `rgba(r, g, b, a)`; what is see-through has no colour. */
export function rgbOf(colour: string): Rgb | undefined {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (hex !== null) return [1, 2, 3].map((part) => Number.parseInt(hex[part] ?? '', 16)) as never;
  const [r, g, b, alpha = 1] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  if (r === undefined || g === undefined || b === undefined || alpha === 0) return undefined;
  return [r, g, b];
}

function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** From 1 to 21. */
export function contrast(one: string, other: string): number {
  const [a, b] = [one, other].map((colour) => luminance(rgbOf(colour) ?? [0, 0, 0]));
  const [darker = 0, lighter = 0] = [a ?? 0, b ?? 0].sort((x, y) => x - y);
  return (lighter + 0.05) / (darker + 0.05);
}
