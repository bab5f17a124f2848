import { render } from 'preact';
import { App } from './app.tsx';

const root = document.getElementById('page');
// Preact would keep the sentence that is shown before the script has come.
root?.replaceChildren();
if (root) render(<App />, root);
