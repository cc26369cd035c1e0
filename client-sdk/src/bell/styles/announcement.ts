import { css } from 'lit'

/** Announcements: cards above the list, banners and dialogs. */
export const announcementStyles = css`
  .announcement {
    position: relative;
    display: grid;
    grid-template-columns: calc(20 * var(--_px)) minmax(0, 1fr) calc(32 * var(--_px));
    gap: calc(12 * var(--_px));
    padding-block: calc(12 * var(--_px));
    padding-inline: calc(14 * var(--_px)) calc(8 * var(--_px));
    border: 1px solid color-mix(in srgb, var(--_accent) 30%, var(--_surface));
    border-radius: var(--_inner);
    background: var(--_unread);
    color: var(--_ink);
    font-size: calc(14 * var(--_px));
    text-align: start;
  }
  .scroll > .announcement {
    margin-block: calc(2 * var(--_px)) calc(6 * var(--_px));
    flex: none;
  }
  .announcement .sign {
    padding-block-start: calc(1 * var(--_px));
    color: var(--_accent);
  }
  .announcement .sign.alarm {
    margin: 0;
    color: var(--_danger);
  }
  .announcement .title {
    font-weight: 600;
    -webkit-line-clamp: 3;
  }
  .announcement .body {
    -webkit-line-clamp: 4;
  }
  .announcement .tool {
    position: relative;
    z-index: 1;
    margin-block: calc(-6 * var(--_px));
  }
  :host([mode='banner']) {
    display: block;
  }
  .banner:empty {
    display: none;
  }
  .banner.card {
    position: fixed;
    inset: calc(8 * var(--_px)) 0 auto;
    margin: 0 auto;
    padding: 0;
    border: 0;
    background: none;
    overflow: visible;
    inline-size: min(calc(640 * var(--_px)), 100vw - 16 * var(--_px));
  }
  .banner.card .announcement {
    border-radius: var(--_radius);
    background: color-mix(in srgb, var(--_accent) 5%, var(--_raised));
    box-shadow: var(--_shadow);
  }
  .modal {
    position: fixed;
    inset: 0;
    margin: auto;
    padding: 0;
    border: 0;
    inline-size: calc(448 * var(--_px));
    max-inline-size: calc(100vw - 32 * var(--_px));
    max-block-size: calc(100dvh - 32 * var(--_px));
    overflow-y: auto;
    border-radius: var(--_radius);
    background: var(--_surface);
    color: var(--_ink);
    font-size: calc(14 * var(--_px));
    box-shadow: var(--_shadow);
    text-align: start;
  }
  .modal::backdrop {
    background: rgb(0 0 0 / 45%);
  }
  .modal:focus-visible {
    outline: none;
  }
  .modal .content {
    padding: calc(24 * var(--_px));
    display: grid;
    gap: calc(8 * var(--_px));
  }
  .modal h2 {
    font-size: calc(18 * var(--_px));
    line-height: calc(26 * var(--_px));
    font-weight: 650;
    overflow-wrap: anywhere;
  }
  .modal .content:nth-child(1) .heading {
    padding-inline-end: calc(32 * var(--_px));
  }
  .modal :is(h2, .body) {
    text-align: -webkit-match-parent;
    text-align: match-parent;
  }
  .modal .body {
    display: block;
    font-size: calc(14 * var(--_px));
    line-height: calc(22 * var(--_px));
  }
  .modal .image {
    margin: 0;
    max-inline-size: none;
    border-radius: 0;
  }
  .modal .buttons {
    display: flex;
    flex-wrap: wrap;
    gap: calc(8 * var(--_px));
    justify-content: end;
    align-items: center;
    margin-block-start: calc(8 * var(--_px));
  }
  .modal .buttons:not(:has(.action)) {
    display: none;
  }
  .modal a.action {
    text-decoration: none;
    color: inherit;
    order: -1;
  }
  .modal .actions {
    margin: 0;
  }
  .modal .dismiss {
    position: absolute;
    inset-block-start: calc(8 * var(--_px));
    inset-inline-end: calc(8 * var(--_px));
    background: color-mix(in srgb, var(--_surface) 80%, transparent);
  }
  @media (prefers-reduced-motion: no-preference) {
    .banner:popover-open,
    .modal[open] {
      animation: fade-in var(--_slow) var(--_ease);
    }
    @keyframes fade-in {
      from {
        opacity: 0;
        translate: 0 calc(4 * var(--_px));
      }
    }
  }
  @media (forced-colors: active) {
    .announcement,
    .modal {
      border: 1px solid CanvasText;
    }
  }
`
