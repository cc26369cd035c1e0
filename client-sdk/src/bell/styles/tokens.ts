import { css } from 'lit'

/**
 * Custom properties that a page may set on any ancestor, with their defaults in light and dark, and the styles that all parts
 * share.
 */
export const tokens = css`
  :host {
    --_size: var(--carillon-size, max(1rem, 16px));
    --_px: calc(var(--_size) / 16);
    --_density: var(--carillon-density, 1);
    --_surface: var(--carillon-surface, light-dark(#ffffff, #1b1e24));
    --_raised: var(--carillon-raised, light-dark(#ffffff, #262a32));
    --_ink: var(--carillon-ink, light-dark(#1b1f27, #eceef2));
    --_soft: var(--carillon-soft, light-dark(#596170, #a5adba));
    --_line: var(--carillon-line, light-dark(#e4e6ea, #323743));
    --_edge: var(--carillon-edge, light-dark(#757c89, #78818f));
    --_hover: var(--carillon-hover, light-dark(#f3f4f7, #262a32));
    --_accent: var(--carillon-accent, light-dark(#2b5bd7, #8fb0ff));
    --_accent-ink: var(--carillon-accent-ink, light-dark(#ffffff, #101a33));
    --_unread: var(--carillon-unread, color-mix(in srgb, var(--_accent) 5%, var(--_surface)));
    --_badge: var(--carillon-badge, light-dark(#cf2e2e, #ff6961));
    --_badge-ink: var(--carillon-badge-ink, light-dark(#ffffff, #2b0707));
    --_danger: var(--carillon-danger, light-dark(#b42318, #ff8f85));
    --_shadow: var(
      --carillon-shadow,
      0 0 0 1px light-dark(rgb(0 0 0 / 8%), rgb(255 255 255 / 10%)),
      0 2px 6px light-dark(rgb(0 0 0 / 8%), rgb(0 0 0 / 40%)),
      0 16px 48px light-dark(rgb(0 0 0 / 16%), rgb(0 0 0 / 60%))
    );
    --_radius: var(--carillon-radius, 0.875rem);
    --_inner: calc(var(--_radius) * 0.6);
    --_fast: var(--carillon-fast, 120ms);
    --_slow: var(--carillon-slow, 220ms);
    --_ease: var(--carillon-ease, cubic-bezier(0.2, 0.8, 0.2, 1));
    display: inline-block;
    position: relative;
    font: var(--carillon-font, inherit);
    line-height: 1.4;
    color: inherit;
  }
  :host([hidden]) {
    display: none;
  }
  :host([theme='light']) {
    color-scheme: light;
  }
  :host([theme='dark']) {
    color-scheme: dark;
  }
  :host([theme='system']) {
    color-scheme: light dark;
  }
  :host([density='compact']) {
    --_density: var(--carillon-density, 0.6);
  }
  @media (prefers-contrast: more) {
    :host {
      --_soft: var(--_ink);
      --_line: var(--_edge);
    }
  }
  @media (forced-colors: active) {
    :host {
      --_accent: Highlight;
      --_accent-ink: HighlightText;
      --_badge: Highlight;
      --_badge-ink: HighlightText;
    }
  }

  *,
  ::before,
  ::after {
    box-sizing: border-box;
  }
  button,
  input {
    font: inherit;
    color: inherit;
    letter-spacing: inherit;
  }
  button {
    margin: 0;
    padding: 0;
    border: 0;
    background: none;
    cursor: pointer;
    touch-action: manipulation;
  }
  h2,
  h3,
  p {
    margin: 0;
  }
  :focus {
    outline: none;
  }
  :focus-visible {
    outline: 2px solid var(--_accent);
    outline-offset: 2px;
  }
  .icon {
    inline-size: calc(18 * var(--_px));
    block-size: calc(18 * var(--_px));
    fill: none;
    stroke: currentColor;
    stroke-width: 1.75;
    stroke-linecap: round;
    stroke-linejoin: round;
    flex: none;
    display: block;
  }
  .hidden {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .link {
    font-weight: 600;
    text-decoration: underline;
    text-underline-offset: 0.15em;
  }
`
