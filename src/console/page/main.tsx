import { render } from 'preact';
import { App } from './app.tsx';
import { ChatView } from './chat-view.tsx';

const root = document.getElementById('page');
// Preact would keep the sentence that is shown before the script has come.
root?.replaceChildren();
if (root) render(<App />, root);

// The same script draws single rooms inside of a chat.
const view = document.getElementById('view');
if (view) render(<ChatView />, view);
