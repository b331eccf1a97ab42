/** The colours of all pages, including the inspector, in light and dark mode. */
export const palette = `:root {
  color-scheme: light dark;
  --page: #f6f6f3;
  --card: #ffffff;
  --line: #dcdcd5;
  --field: #8b8b84;
  --text: #1b1c1e;
  --faint: #5b5e63;
  --accent: #2a4bc0;
  --on-accent: #ffffff;
  --accent-faint: #e9edfb;
  --good: #17663d;
  --good-faint: #e4f3ea;
  --warn: #7a4b00;
  --warn-faint: #fdf1d8;
  --bad: #b3261e;
  --bad-faint: #fbe9e7;
  --shadow: 0 1px 2px rgb(0 0 0 / 6%), 0 4px 16px rgb(0 0 0 / 4%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131417;
    --card: #1c1e22;
    --line: #33363c;
    --field: #767a82;
    --text: #ececea;
    --faint: #a7abb3;
    --accent: #a3b7ff;
    --on-accent: #10183a;
    --accent-faint: #252c47;
    --good: #7ed6a3;
    --good-faint: #16301f;
    --warn: #f0c46c;
    --warn-faint: #352912;
    --bad: #ffa79f;
    --bad-faint: #3b1d1a;
    --shadow: none;
  }
}`;
