import { css } from 'lit'

export const buttonStyles = css`
  .bell {
    inline-size: calc(40 * var(--_px));
    block-size: calc(40 * var(--_px));
    display: grid;
    place-items: center;
    position: relative;
    border-radius: var(--_inner);
    anchor-name: --carillon-bell;
  }
  .bell .icon,
  .bell ::slotted([slot='icon']) {
    inline-size: calc(22 * var(--_px));
    block-size: calc(22 * var(--_px));
  }
  .bell:hover,
  .bell[aria-expanded='true'] {
    background: color-mix(in srgb, currentColor 9%, transparent);
  }
  @media (pointer: coarse) {
    .bell {
      inline-size: calc(44 * var(--_px));
      block-size: calc(44 * var(--_px));
    }
  }
  /* The panel, which has its own styles, cannot be loaded. */
  .trouble {
    padding: calc(16 * var(--_px));
    max-inline-size: calc(320 * var(--_px));
    color: var(--_ink);
    background: var(--_surface);
    font-size: calc(14 * var(--_px));
  }
  dialog:has(> .trouble) {
    padding: 0;
    border: 1px solid var(--_line);
    border-radius: var(--_inner);
  }
  .badge {
    position: absolute;
    inset-block-start: calc(3 * var(--_px));
    inset-inline-start: 50%;
    min-inline-size: calc(18 * var(--_px));
    block-size: calc(18 * var(--_px));
    padding-inline: calc(5 * var(--_px));
    border-radius: calc(9 * var(--_px));
    display: grid;
    place-items: center;
    font-size: calc(11 * var(--_px));
    font-weight: 650;
    font-variant-numeric: tabular-nums;
    line-height: 1;
    white-space: nowrap;
    background: var(--_badge);
    color: var(--_badge-ink);
  }
  .badge.calm {
    background: var(--_soft);
    color: var(--_surface);
  }
  @media (prefers-reduced-motion: no-preference) {
    .badge.pulse {
      animation: pulse var(--_slow) var(--_ease);
    }
    .badge.pulse.even {
      animation-name: pulse-again;
    }
    @keyframes pulse {
      50% {
        scale: 1.25;
      }
    }
    @keyframes pulse-again {
      50% {
        scale: 1.25;
      }
    }
  }
  @media (forced-colors: active) {
    .badge {
      forced-color-adjust: none;
    }
  }
`
