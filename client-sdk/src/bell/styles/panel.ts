import { css } from 'lit'

export const panelStyles = css`
  .panel {
    color: var(--_ink);
    background: var(--_surface);
    font-size: calc(14 * var(--_px));
    padding: 0;
    border: 0;
    margin: 0;
    overflow: hidden;
  }
  dialog.panel {
    position: fixed;
    inset: auto;
    position-anchor: --carillon-bell;
    position-area: block-end span-inline-start;
    position-try-fallbacks: flip-block, flip-inline, flip-block flip-inline;
    margin-block: calc(8 * var(--_px));
    inline-size: calc(416 * var(--_px));
    max-inline-size: calc(100vw - 16 * var(--_px));
    min-block-size: min(calc(384 * var(--_px)), calc(100dvh - 80px));
    max-block-size: min(calc(640 * var(--_px)), calc(100dvh - 80px));
    border-radius: var(--_radius);
    box-shadow: var(--_shadow);
  }
  /* It gets the focus when it opens, so that its name is announced. */
  .panel:focus-visible {
    outline: none;
  }
  .panel:popover-open,
  .panel[open],
  div.panel {
    display: flex;
    flex-direction: column;
  }
  div.panel {
    max-inline-size: calc(768 * var(--_px));
    block-size: 100%;
  }
  :host([mode='inline']),
  :host([mode='page']) {
    display: block;
  }
  :host([mode='page']) .scroll {
    overflow: visible;
  }
  :host([mode='page']) .panel {
    overflow: visible;
  }
  :host([mode='page']) .tabs {
    position: sticky;
    inset-block-start: 0;
    background: var(--_surface);
    z-index: 2;
  }
  dialog.panel.sheet {
    position-area: none;
    inset: auto 0 0;
    margin: auto auto 0;
    inline-size: 100%;
    max-inline-size: calc(640 * var(--_px));
    block-size: 92dvh;
    max-block-size: none;
    border-end-start-radius: 0;
    border-end-end-radius: 0;
    padding-block-end: env(safe-area-inset-bottom);
  }
  .sheet::backdrop {
    background: rgb(0 0 0 / 45%);
  }
  @media (prefers-reduced-motion: no-preference) {
    dialog.panel:popover-open {
      animation: rise var(--_fast) var(--_ease);
    }
    dialog.panel.sheet {
      animation: slide var(--_slow) var(--_ease);
    }
    @keyframes rise {
      from {
        opacity: 0;
        translate: 0 calc(4 * var(--_px));
      }
    }
    @keyframes slide {
      from {
        translate: 0 100%;
      }
    }
  }
  .header {
    display: flex;
    align-items: center;
    gap: calc(2 * var(--_px));
    padding-block: calc(10 * var(--_px)) calc(2 * var(--_px));
    padding-inline: calc(20 * var(--_px)) calc(10 * var(--_px));
    flex: none;
  }
  .header h2 {
    flex: 1;
    min-inline-size: 0;
    font-size: calc(16 * var(--_px));
    font-weight: 650;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .tabs {
    display: flex;
    gap: calc(4 * var(--_px));
    padding-inline: calc(12 * var(--_px));
    border-block-end: 1px solid var(--_line);
    overflow-x: auto;
    scrollbar-width: none;
    flex: none;
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
    overflow-y: auto;
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
  .skeleton {
    animation: appear 0s 150ms both;
  }
  @keyframes appear {
    from {
      visibility: hidden;
    }
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
  div.panel {
    position: relative;
  }
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
