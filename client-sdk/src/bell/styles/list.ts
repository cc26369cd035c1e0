import { css } from 'lit'

/** The list of the panel, and its surroundings: tabs, selection, pill, empty states and undo. */
export const listStyles = css`
  .tabbar {
    border-block-end: 1px solid var(--_line);
    flex: none;
  }
  .tabs {
    --_before: 0px;
    --_after: 0px;
    --_end: right;
    display: flex;
    gap: calc(4 * var(--_px));
    padding-inline: calc(12 * var(--_px));
    overflow-x: auto;
    scrollbar-width: none;
    scroll-padding-inline: calc(40 * var(--_px));
    mask-image: linear-gradient(
      to var(--_end),
      transparent,
      #000 var(--_before),
      #000 calc(100% - var(--_after)),
      transparent
    );
  }
  .tabs:dir(rtl) {
    --_end: left;
  }
  .tabs.before {
    --_before: calc(40 * var(--_px));
  }
  .tabs.after {
    --_after: calc(40 * var(--_px));
  }
  .tabs button {
    padding: calc(10 * var(--_px)) calc(8 * var(--_px));
    font-size: calc(13 * var(--_px));
    font-weight: 500;
    color: var(--_soft);
    white-space: nowrap;
    display: flex;
    gap: calc(6 * var(--_px));
    align-items: center;
    position: relative;
    flex: none;
  }
  .tabs .label {
    max-inline-size: calc(160 * var(--_px));
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .tabs button:focus-visible {
    outline-offset: -3px;
    border-radius: var(--_inner);
  }
  .tabs button[aria-selected='true'] {
    font-weight: 600;
    color: var(--_ink);
  }
  .tabs button[aria-selected='true']::after {
    content: '';
    position: absolute;
    inset-block-end: 0;
    inset-inline: calc(8 * var(--_px));
    block-size: 2px;
    border-radius: 1px;
    background: var(--_accent);
    forced-color-adjust: none;
  }
  .tabs .count {
    font-size: calc(11 * var(--_px));
    font-variant-numeric: tabular-nums;
    padding-inline: calc(6 * var(--_px));
    border-radius: calc(9 * var(--_px));
    background: color-mix(in srgb, var(--_soft) 16%, transparent);
    color: var(--_ink);
  }
  .bulk {
    display: flex;
    align-items: center;
    gap: calc(2 * var(--_px));
    min-block-size: calc(41 * var(--_px));
    padding-inline: calc(20 * var(--_px)) calc(10 * var(--_px));
    border-block-end: 1px solid var(--_line);
    font-size: calc(13 * var(--_px));
    font-weight: 600;
    flex: none;
  }
  .bulk .grow {
    padding-inline-start: calc(8 * var(--_px));
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  @media (pointer: coarse) and (width < 384px) {
    .bulk {
      gap: 0;
      padding-inline: calc(17 * var(--_px)) calc(6 * var(--_px));
    }
    .bulk .tool {
      min-inline-size: calc(33 * var(--_px));
      inline-size: calc(33 * var(--_px));
    }
  }
  .strip {
    padding: calc(8 * var(--_px)) calc(20 * var(--_px));
    font-size: calc(12 * var(--_px));
    background: var(--_hover);
    color: var(--_soft);
  }
  .scroll {
    flex: 1;
    min-block-size: 0;
    overflow: hidden auto;
    overscroll-behavior: contain;
    scrollbar-gutter: stable;
    scrollbar-width: thin;
    scroll-padding-block: calc(16 * var(--_px)) calc(64 * var(--_px));
    padding-block: calc(6 * var(--_px));
    padding-inline: calc(8 * var(--_px));
    position: relative;
    display: flex;
    flex-direction: column;
  }
  .divider {
    display: flex;
    align-items: center;
    gap: calc(12 * var(--_px));
    padding-block: calc(8 * var(--_px));
    padding-inline: calc(18 * var(--_px)) calc(12 * var(--_px));
    font-size: calc(12 * var(--_px));
    font-weight: 600;
    color: var(--_soft);
  }
  .divider::after {
    content: '';
    flex: 1;
    border-block-start: 1px solid var(--_line);
  }
  .pill {
    position: sticky;
    inset-block-start: calc(8 * var(--_px));
    align-self: center;
    z-index: 3;
    margin-block-end: calc(-32 * var(--_px));
    block-size: calc(32 * var(--_px));
    padding-inline: calc(14 * var(--_px));
    border-radius: calc(16 * var(--_px));
    background: var(--_accent);
    color: var(--_accent-ink);
    font-size: calc(13 * var(--_px));
    font-weight: 600;
    flex: none;
  }
  .load {
    align-self: center;
    padding: calc(12 * var(--_px));
    color: var(--_soft);
    font-weight: 600;
    font-size: calc(13 * var(--_px));
  }
  .empty {
    margin: auto;
    padding: calc(32 * var(--_px));
    text-align: center;
    display: grid;
    gap: calc(8 * var(--_px));
    justify-items: center;
  }
  .empty > .icon {
    inline-size: calc(32 * var(--_px));
    block-size: calc(32 * var(--_px));
    color: var(--_soft);
  }
  .empty p {
    font-weight: 600;
  }
  .empty .soft {
    font-weight: 400;
    font-size: calc(13 * var(--_px));
  }
  .skeleton div {
    display: grid;
    grid-template-columns: calc(36 * var(--_px)) 1fr;
    gap: calc(8 * var(--_px)) calc(12 * var(--_px));
    padding: calc(14 * var(--_px)) calc(18 * var(--_px));
  }
  .skeleton span {
    block-size: calc(12 * var(--_px));
    border-radius: calc(6 * var(--_px));
    background: var(--_line);
  }
  .skeleton span:first-child {
    grid-row: span 2;
    block-size: calc(36 * var(--_px));
    border-radius: 50%;
  }
  .skeleton span:last-child {
    inline-size: 60%;
  }
  .undo {
    position: absolute;
    inset-block-end: calc(8 * var(--_px));
    inset-inline: calc(8 * var(--_px));
    z-index: 4;
    display: flex;
    align-items: center;
    gap: calc(12 * var(--_px));
    padding: calc(10 * var(--_px)) calc(16 * var(--_px));
    border-radius: var(--_inner);
    background: var(--_ink);
    color: var(--_surface);
    font-size: calc(13 * var(--_px));
  }
`
