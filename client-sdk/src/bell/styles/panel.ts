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
  :host([mode='page']) .tabbar {
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
  div.panel {
    position: relative;
  }
  @media (width < 384px) {
    .prefs-button {
      display: none;
    }
  }
`
