import { css } from 'lit'

export const menuStyles = css`
  .menu {
    position: fixed;
    inset: auto;
    margin: calc(4 * var(--_px)) 0;
    position-anchor: --carillon-menu;
    position-area: block-end span-inline-start;
    position-try-fallbacks: flip-block, flip-inline, flip-block flip-inline;
    inline-size: calc(256 * var(--_px));
    max-inline-size: calc(100vw - 16 * var(--_px));
    padding: calc(6 * var(--_px));
    border: 0;
    border-radius: var(--_inner);
    background: var(--_raised);
    color: var(--_ink);
    box-shadow: var(--_shadow);
    font-size: calc(13 * var(--_px));
  }
  .anchor {
    anchor-name: --carillon-menu;
  }
  .menu button,
  .menu .row {
    display: flex;
    align-items: center;
    gap: calc(10 * var(--_px));
    inline-size: 100%;
    min-block-size: calc(34 * var(--_px));
    padding-inline: calc(10 * var(--_px));
    border-radius: calc(var(--_inner) * 0.7);
    text-align: start;
  }
  .menu button:hover,
  .menu button:focus {
    background: color-mix(in srgb, var(--_ink) 8%, transparent);
  }
  .menu .icon {
    color: var(--_soft);
  }
  .menu .hint {
    margin-inline-start: auto;
    color: var(--_soft);
    font-size: calc(12 * var(--_px));
  }
  .menu input {
    min-inline-size: 0;
    inline-size: 100%;
    flex: 1;
    background: none;
    border: 1px solid var(--_edge);
    border-radius: calc(var(--_inner) * 0.7);
    padding: calc(2 * var(--_px)) calc(6 * var(--_px));
    font-size: calc(12 * var(--_px));
  }
  @media (pointer: coarse) {
    .menu button,
    .menu .row {
      min-block-size: calc(44 * var(--_px));
    }
  }
`
