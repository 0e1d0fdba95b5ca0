"""Greedy answers of a model under a fact lock: held-out generated prompts and prompts written by hand.

    python evaluate.py MODEL [--generated 100] [--prompts ../../tests/data/prompts] [--texts]

MODEL is a checkpoint or a GGUF file. For each task: the share of expected slots and phrases that the answer has, answers
with words that neither the prompt nor the list of generated answers' words knows, exact matches (generated prompts)."""
import argparse
import collections
import glob
import json
import os
import random
import re

import torch

import data
import export
import generate
import template

HERE = os.path.dirname(os.path.abspath(__file__))


def slots_in(text):
    return re.findall(r'\[[A-Z]+_\d+\]', text)


class Lock:
    """Digits and brackets stand only in slots of the prompt; nothing else of the daemon's fact lock."""

    def __init__(self, tok):
        self.tok = tok
        self.pieces = [tok.decode([i]) if i > 2 else '' for i in range(tok.get_vocab_size())]
        self.risky = torch.tensor([bool(re.search(r'[\[\]\d]', p)) for p in self.pieces])

    def ok(self, text, slots):
        rest = text
        for s in slots:
            rest = rest.replace(s, '')
        m = re.search(r'[\[\]\d]', rest)
        if not m:
            return True
        return m.group() == '[' and any(s.startswith(rest[m.start():]) for s in slots)

    def __call__(self, slots):
        def allowed(logits, out):
            text = self.tok.decode(out) if out else ''
            inside = text.rfind('[') > text.rfind(']')
            for i in logits.topk(200).indices.tolist():
                if i < 3 and not inside:
                    return i
                if i >= 3 and (not inside and not self.risky[i] or self.ok(text + self.pieces[i], slots)):
                    return i
            return int(logits.argmax())
        return allowed


def hand_written(folder):
    for path in sorted(glob.glob(os.path.join(folder, '*.jsonl'))):
        for line in open(path):
            e = json.loads(line)
            steps = generate.SUMMARY if e['task'] in ('note', 'state', 'next') else generate.EMAIL
            brief = dict(object=e['object'], language=e['language'], **e.get('brief', {}))
            _, system, user = steps['body' if e['task'] == 'mail' else e['task']]
            scopes = [e['fields'], dict(brief=brief)]
            yield dict(task=e['task'], language=e['language'], expect=e['expect'], system=template.render(system, scopes), user=template.render(user, scopes))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('model')
    ap.add_argument('--generated', type=int, default=60)
    ap.add_argument('--seed', type=int, default=424242)
    ap.add_argument('--prompts', default=os.path.join(HERE, '..', '..', 'tests', 'data', 'prompts'))
    ap.add_argument('--texts', action='store_true')
    a = ap.parse_args()
    torch.set_num_threads(1)
    model, tok, _ = export.load(a.model)
    stop, lock = tok.token_to_id(data.IM_END), Lock(tok)
    rnd = random.Random(a.seed)
    items = [('hand', e) for e in hand_written(a.prompts)] if a.prompts else []
    items += [('generated', dict(e, expect=slots_in(e['answer']))) for e in (generate.example(rnd) for _ in range(a.generated))]
    known = {w.lower() for lang in ('en', 'de') for w in generate.answer_words(lang)}
    table = collections.defaultdict(collections.Counter)
    for source, e in items:
        ids = tok.encode(data.prompt_text(e['system'], e['user']), add_special_tokens=False).ids
        with torch.no_grad():
            out = model.greedy(ids, 110, stop, lock(sorted(set(slots_in(e['user'])))))
        ended = out[-1] == stop
        text = tok.decode([i for i in out if i != stop])
        row = table[source, e['task']]
        row['answers'] += 1
        row['ended'] += ended
        row['expected'] += len(e['expect'])
        row['found'] += sum(x in text for x in e['expect'])
        have = {w.lower() for w in re.findall(r'[^\W\d_]+', e['user'])} | known
        odd = [w for w in re.findall(r'[^\W\d_]+', re.sub(r'\[\w+\]', '', text)) if w.lower() not in have]
        row['words'] += len(text.split())
        row['unsupported_words'] += len(odd)
        row['exact'] += text == e.get('answer', '')
        if a.texts and source == 'hand':
            print('>', e['user'].split('text: ')[-1] if e['task'] == 'note' else ' | '.join(e['user'].split('\n')[2:]))
            print('<', text, '   !! ' + ' '.join(odd) if odd else '', '' if ended else ' (cut)')
    for (source, task), row in sorted(table.items()):
        print(json.dumps(dict(prompts=source, task=task, **row)))


if __name__ == '__main__':
    main()
