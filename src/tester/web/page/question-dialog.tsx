import { useState } from 'preact/hooks';
import { isTypedAsShown } from '../../../base/localise-numbers.ts';
import { isConfirmation } from '../../../guard/prompter.ts';
import type { AnswerRequest, QuestionInfo } from '../protocol.ts';
import { Code } from './body-view.tsx';
import { localiseSentence } from './locale.ts';
import { Modal } from './modal.tsx';

interface Props {
  readonly question: QuestionInfo;
  /** The program whose terminal shows the code. */
  readonly program?: string;
  readonly onAnswer: (answer: Omit<AnswerRequest, 'id'>) => void;
}

/** Asks for the yes to a call. The safe answer has the focus, or the first field that has to be filled. */
export function QuestionDialog({ question: { prompt, label, confirmationText }, program = 'tester', onAnswer }: Props) {
  const [text, setText] = useState('');
  const [code, setCode] = useState('');
  const [heading = '', ...lines] = prompt.split('\n');
  const isReady = code.trim() !== '' && (confirmationText === undefined || isConfirmation({ confirmationText }, text));
  const cancel = () => onAnswer({ answer: '' });
  return (
    <Modal labelledBy="question-heading" onEscape={cancel}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) onAnswer({ answer: confirmationText === undefined ? 'yes' : text, code });
        }}
      >
        <h2 id="question-heading">{heading}</h2>
        <Code label="What is about to happen" isProse>
          {lines.map((line) => (isTypedAsShown(confirmationText) ? line : localiseSentence(line))).join('\n')}
        </Code>
        {confirmationText !== undefined && (
          <div class="field">
            <label for="confirmation">
              Type <strong>{confirmationText}</strong> to confirm
            </label>
            <input
              id="confirmation"
              type="text"
              autocomplete="off"
              spellcheck={false}
              autofocus
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </div>
        )}
        <div class="field">
          <label for="code">Code from the terminal in which the {program} runs</label>
          <input
            id="code"
            type="text"
            autocomplete="off"
            spellcheck={false}
            value={code}
            onInput={(event) => setCode(event.currentTarget.value)}
          />
        </div>
        <p class="actions">
          <button type="button" autofocus={confirmationText === undefined} onClick={cancel}>
            Cancel
          </button>
          <button type="submit" class="danger" disabled={!isReady}>
            {label}
          </button>
        </p>
      </form>
    </Modal>
  );
}
