/**
 * The colours of the page, light and dark, by what they are for.
 *
 * Invariant: every text on its ground has a contrast of 4.5 or more, and every bar on its track 3
 *            or more; a test computes both.
 */

export const COLOURS = [
  'ground',
  'raised',
  'text',
  'muted',
  'line',
  'track',
  'room',
  'roomSoft',
  'near',
  'nearSoft',
  'nearText',
  'nearGround',
  'full',
  'fullSoft',
  'fullText',
  'fullGround',
  'off',
  'offSoft',
  'offText',
  'offGround',
  'focus',
] as const;
export type Colour = (typeof COLOURS)[number];
export type Palette = Readonly<Record<Colour, string>>;

export const THEMES = ['light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** `...Soft` is what is reserved, beside what is settled; `...Ground` is behind `...Text`. */
export const PALETTES: Readonly<Record<Theme, Palette>> = {
  light: {
    ground: '#ffffff',
    raised: '#f6f7f9',
    text: '#16202c',
    muted: '#55606e',
    line: '#dfe3e8',
    track: '#e8ebef',
    room: '#1c7069',
    roomSoft: '#6aa9a2',
    near: '#a65a00',
    nearSoft: '#d9a45c',
    nearText: '#844700',
    nearGround: '#fdf0dc',
    full: '#b3261e',
    fullSoft: '#df8a83',
    fullText: '#98150e',
    fullGround: '#fdeae8',
    off: '#77818d',
    offSoft: '#aab1ba',
    offText: '#4e5864',
    offGround: '#eceff2',
    focus: '#0b5cc4',
  },
  dark: {
    ground: '#10161e',
    raised: '#18202a',
    text: '#e8ecf1',
    muted: '#a2adba',
    line: '#2b3541',
    track: '#252f3b',
    room: '#56bdb1',
    roomSoft: '#35776f',
    near: '#eda94b',
    nearSoft: '#8f6834',
    nearText: '#f7c583',
    nearGround: '#3a2a13',
    full: '#ff8278',
    fullSoft: '#98504b',
    fullText: '#ffb1aa',
    fullGround: '#43201d',
    off: '#808b98',
    offSoft: '#4d5762',
    offText: '#b8c1cc',
    offGround: '#262f39',
    focus: '#7db4ff',
  },
};
