import { useState } from 'preact/hooks';
import { isTyped } from '../../../guard/person.ts';
import type { QuestionInfo } from '../protocol.ts';
import { Code } from './body-view.tsx';
import { Modal } from './modal.tsx';

interface Props {
  readonly question: QuestionInfo;
  readonly onAnswer: (answer: string) => void;
}

/** Asks for the yes to a destructive call. The safe answer has the focus, or the field in which the name has to be typed. */
export function QuestionDialog({ question: { shown, typed }, onAnswer }: Props) {
  const [text, setText] = useState('');
  const isReady = typed === undefined || isTyped({ typed }, text);
  return (
    <Modal labelledBy="question-heading" onEscape={() => onAnswer('')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) onAnswer(typed === undefined ? 'yes' : text);
        }}
      >
        <h2 id="question-heading">Shall it be done?</h2>
        <Code label="What is about to happen" isProse>
          {shown}
        </Code>
        {typed !== undefined && (
          <div class="field">
            <label for="typed">
              Type <strong>{typed}</strong> to say yes
            </label>
            <input
              id="typed"
              type="text"
              autocomplete="off"
              spellcheck={false}
              autofocus
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </div>
        )}
        <p class="actions">
          <button type="button" autofocus={typed === undefined} onClick={() => onAnswer('')}>
            No, leave it
          </button>
          <button type="submit" class="danger" disabled={!isReady}>
            Yes, do it
          </button>
        </p>
      </form>
    </Modal>
  );
}
