import { css } from 'lit'

/** The preferences: sections, categories as a list or a table, and the quiet hours. */
export const preferencesStyles = css`
  .page {
    flex: 1;
    min-block-size: 0;
    display: flex;
    flex-direction: column;
  }
  .header.back {
    padding-inline-start: calc(10 * var(--_px));
    padding-block: calc(10 * var(--_px));
  }
  .header.back h2 {
    padding-inline-start: calc(4 * var(--_px));
  }
  /* It gets the focus so that its name is announced. */
  .header h2:focus-visible {
    outline: none;
  }
  .mirrored:dir(rtl) {
    scale: -1 1;
  }
  .prefs {
    flex: 1;
    min-block-size: 0;
    overflow-y: auto;
    overscroll-behavior: contain;
    scrollbar-gutter: stable;
    scrollbar-width: thin;
    scroll-padding-block: calc(16 * var(--_px));
    padding-inline: calc(20 * var(--_px));
    padding-block-end: calc(12 * var(--_px));
    font-size: calc(13 * var(--_px));
    line-height: calc(20 * var(--_px));
  }
  :host([mode='page']) .prefs {
    overflow: visible;
  }
  .prefs section {
    padding-block: calc(14 * var(--_px));
  }
  .prefs section + section {
    border-block-start: 1px solid var(--_line);
  }
  .prefs :is(h3, h4) {
    font-size: calc(14 * var(--_px));
    line-height: calc(20 * var(--_px));
    font-weight: 620;
    margin: 0;
  }
  .prefs :is(h3, h4, p, th, li) {
    overflow-wrap: anywhere;
  }
  .prefs [dir='auto'] {
    text-align: -webkit-match-parent;
    text-align: match-parent;
  }
  .prefs ul {
    list-style: none;
    margin: 0;
    padding: 0;
  }
  .line,
  .row,
  .choice {
    display: flex;
    align-items: center;
    gap: calc(10 * var(--_px));
  }
  .line {
    min-block-size: calc(40 * var(--_px));
  }
  .digest {
    flex-wrap: wrap;
    justify-content: end;
    padding-block: calc(4 * var(--_px));
  }
  .digest .grow {
    flex: 1 0 auto;
  }
  .digest > span {
    display: flex;
    gap: inherit;
  }
  .row {
    min-block-size: calc(52 * var(--_px));
    padding-block: calc(6 * var(--_px));
  }
  .choice {
    min-block-size: calc(36 * var(--_px));
    font-size: calc(14 * var(--_px));
  }
  .choice .icon,
  .locked .icon {
    color: var(--_soft);
    inline-size: calc(16 * var(--_px));
    block-size: calc(16 * var(--_px));
  }
  .categories > * + * {
    border-block-start: 1px solid var(--_line);
  }
  .categories {
    border-block-end: 1px solid var(--_line);
    margin-block: calc(4 * var(--_px)) calc(6 * var(--_px));
  }
  summary {
    cursor: pointer;
    list-style: none;
    border-radius: var(--_inner);
  }
  summary::-webkit-details-marker {
    display: none;
  }
  summary .grow,
  .fixed .grow {
    display: block;
  }
  .chevron {
    color: var(--_soft);
  }
  details[open] .chevron {
    rotate: 180deg;
  }
  details[open] {
    padding-block-end: calc(8 * var(--_px));
  }
  details > .soft {
    padding-block-end: calc(4 * var(--_px));
  }
  .locked {
    display: inline-flex;
    align-items: center;
    gap: calc(6 * var(--_px));
    color: var(--_soft);
    white-space: nowrap;
  }
  .prefs select,
  .prefs input[type='time'] {
    font: inherit;
    font-size: calc(13 * var(--_px));
    color: var(--_ink);
    background: var(--_surface);
    border: 1px solid var(--_edge);
    border-radius: var(--_inner);
    block-size: calc(32 * var(--_px));
    padding-inline: calc(8 * var(--_px));
    min-inline-size: 0;
    max-inline-size: 60%;
  }
  .prefs :is(select, input):disabled {
    opacity: 0.5;
  }
  input[type='checkbox'].switch {
    appearance: none;
    position: relative;
    flex: none;
    margin: 0;
    inline-size: calc(36 * var(--_px));
    block-size: calc(20 * var(--_px));
    border-radius: calc(10 * var(--_px));
    background: var(--_edge);
    cursor: pointer;
  }
  .switch::before {
    content: '';
    position: absolute;
    inset-block-start: calc(2 * var(--_px));
    inset-inline-start: calc(2 * var(--_px));
    inline-size: calc(16 * var(--_px));
    block-size: calc(16 * var(--_px));
    border-radius: 50%;
    background: var(--_surface);
  }
  input[type='checkbox'].switch:checked {
    background: var(--_accent);
  }
  .switch:checked::before {
    inset-inline-start: calc(18 * var(--_px));
    background: var(--_accent-ink);
  }
  @media (prefers-reduced-motion: no-preference) {
    .switch::before {
      transition: inset-inline-start var(--_fast) var(--_ease);
    }
  }
  @media (forced-colors: active) {
    input[type='checkbox'].switch {
      forced-color-adjust: none;
      background: Canvas;
      border: 1px solid CanvasText;
    }
    input[type='checkbox'].switch:checked {
      background: Highlight;
    }
    summary {
      color: CanvasText;
    }
    .switch::before {
      inset-block-start: 1px;
      background: CanvasText;
    }
    .day[aria-pressed='true'] {
      forced-color-adjust: none;
    }
  }
  .times {
    display: grid;
    grid-template-columns: repeat(2, minmax(0, 1fr));
    gap: calc(12 * var(--_px));
    padding-block: calc(8 * var(--_px));
  }
  .times label,
  .zone {
    display: grid;
    gap: calc(2 * var(--_px));
  }
  .prefs .times input,
  .prefs .zone select {
    max-inline-size: none;
    inline-size: 100%;
  }
  .days {
    display: grid;
    grid-template-columns: repeat(7, minmax(0, 1fr));
    gap: calc(4 * var(--_px));
    padding-block: calc(4 * var(--_px)) calc(10 * var(--_px));
  }
  .day {
    min-block-size: calc(32 * var(--_px));
    border: 1px solid var(--_edge);
    border-radius: var(--_inner);
    font-size: calc(12 * var(--_px));
    overflow: hidden;
    white-space: nowrap;
  }
  .day[aria-pressed='true'] {
    background: var(--_accent);
    border-color: var(--_accent);
    color: var(--_accent-ink);
    font-weight: 600;
  }
  .prefs .failure {
    padding-block-end: calc(6 * var(--_px));
  }
  .table {
    overflow-x: auto;
    margin-block: calc(4 * var(--_px)) calc(6 * var(--_px));
  }
  table {
    inline-size: 100%;
    border-collapse: collapse;
    text-align: start;
  }
  .table :is(th, td) {
    padding-block: calc(8 * var(--_px));
    padding-inline: calc(12 * var(--_px));
    border-block-end: 1px solid var(--_line);
    text-align: start;
    font-weight: 400;
    block-size: calc(52 * var(--_px));
  }
  .table thead th {
    block-size: auto;
    font-size: calc(12 * var(--_px));
    font-weight: 600;
    color: var(--_soft);
    white-space: nowrap;
  }
  .table :is(th, td):first-child {
    padding-inline-start: 0;
  }
  .table :is(th, td):last-child {
    padding-inline-end: 0;
  }
  .table th[scope='row'] span {
    display: block;
  }
  .table th[scope='row'] span:first-child {
    font-size: calc(14 * var(--_px));
    font-weight: 620;
  }
  .table :is(select, .switch) {
    display: block;
    max-inline-size: none;
  }
  .table .failed td {
    block-size: auto;
  }
  @media (pointer: coarse) {
    .choice,
    .line {
      min-block-size: calc(44 * var(--_px));
    }
    .prefs select,
    .prefs input[type='time'],
    .day {
      block-size: calc(44 * var(--_px));
    }
  }
`
