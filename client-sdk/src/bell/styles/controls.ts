import { css } from 'lit'

/** The controls of the panel, toasts and announcements. */
export const controlStyles = css`
  @media (forced-colors: active) {
    .panel.panel,
    .menu.menu,
    .toast.toast,
    .action,
    .pill.pill,
    .undo.undo {
      border: 1px solid CanvasText;
    }
    .mark::before,
    .primary,
    input[type='checkbox'] {
      forced-color-adjust: none;
    }
  }
  .grow {
    flex: 1;
    min-inline-size: 0;
  }
  .soft {
    color: var(--_soft);
  }
  .tool {
    inline-size: calc(32 * var(--_px));
    block-size: calc(32 * var(--_px));
    display: grid;
    place-items: center;
    border-radius: var(--_inner);
    color: var(--_soft);
    flex: none;
  }
  .tool:hover {
    background: color-mix(in srgb, var(--_ink) 9%, transparent);
    color: var(--_ink);
  }
  .action {
    min-block-size: calc(32 * var(--_px));
    overflow-wrap: anywhere;
    padding: calc(3 * var(--_px)) calc(12 * var(--_px));
    border: 1px solid var(--_edge);
    border-radius: var(--_inner);
    font-size: calc(13 * var(--_px));
    font-weight: 600;
    display: inline-flex;
    align-items: center;
    gap: calc(6 * var(--_px));
  }
  .action:hover {
    background: color-mix(in srgb, var(--_ink) 6%, transparent);
  }
  .primary {
    background: var(--_accent);
    border-color: transparent;
    color: var(--_accent-ink);
  }
  .primary:hover {
    background: color-mix(in srgb, var(--_accent) 90%, var(--_ink));
  }
  .action:disabled {
    background: none;
    border-color: transparent;
    color: var(--_soft);
    cursor: default;
    padding-inline: 0;
  }
  @media (pointer: coarse) {
    .tool,
    .action {
      min-inline-size: calc(44 * var(--_px));
      min-block-size: calc(44 * var(--_px));
    }
  }
`
