import { css } from 'lit'

export const toastStyles = css`
  .toasts {
    position: fixed;
    inset: auto;
    position-anchor: --carillon-bell;
    position-area: block-end span-inline-start;
    margin: calc(8 * var(--_px)) 0;
    padding: 0;
    border: 0;
    background: none;
    overflow: visible;
    inline-size: calc(360 * var(--_px));
    max-inline-size: calc(100vw - 16 * var(--_px));
    pointer-events: none;
    color: var(--_ink);
    font-size: calc(14 * var(--_px));
  }
  .toasts:popover-open {
    display: grid;
    gap: calc(8 * var(--_px));
  }
  @media (width < 480px) {
    .toasts {
      position-area: none;
      inset: 0 0 auto;
      /* Below the bell, above one at the bottom, and inside the window if the page has scrolled. */
      inset-block-start: max(0px, anchor(bottom, 0px));
      position-try: flip-block;
      margin: calc(8 * var(--_px));
      inline-size: auto;
    }
  }
  .toast {
    position: relative;
    pointer-events: auto;
    display: grid;
    grid-template-columns: calc(36 * var(--_px)) minmax(0, 1fr) calc(32 * var(--_px));
    gap: calc(12 * var(--_px));
    padding-block: calc(12 * var(--_px));
    padding-inline: calc(14 * var(--_px)) calc(8 * var(--_px));
    border-radius: var(--_radius);
    background: var(--_raised);
    box-shadow:
      0 0 0 1px light-dark(rgb(0 0 0 / 8%), rgb(255 255 255 / 10%)),
      0 4px 12px light-dark(rgb(0 0 0 / 12%), rgb(0 0 0 / 50%));
  }
  .toast .title {
    font-weight: 600;
  }
  .toast .body {
    -webkit-line-clamp: 1;
  }
  .toast .actions {
    margin-block-end: 0;
  }
  .toast .tool {
    position: relative;
    z-index: 1;
  }
  .toast.many {
    display: block;
    padding: calc(10 * var(--_px)) calc(14 * var(--_px));
    text-align: start;
    font-weight: 600;
  }
  @media (prefers-reduced-motion: no-preference) {
    .toast {
      animation: rise var(--_slow) var(--_ease);
    }
  }
`
