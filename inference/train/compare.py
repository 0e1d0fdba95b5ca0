"""briefd's engine against model.py in F32 on the same GGUF file, whose weights are dequantised for it.

    python compare.py MODEL.gguf [--briefctl ../../build/release/briefctl]

Mean and largest difference of the logarithms of probability over the exact 8 most probable tokens of every position of some
generated prompts, and how often the most probable token is the same."""
import argparse
import json
import os
import random
import subprocess

import torch

import data
import export
import generate

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('model')
    ap.add_argument('--briefctl', default=os.path.join(HERE, '..', '..', 'build', 'release', 'briefctl'))
    ap.add_argument('--examples', type=int, default=4)
    ap.add_argument('--seed', type=int, default=5)
    a = ap.parse_args()
    torch.set_num_threads(1)
    model, tok, _ = export.load(a.model)
    rnd, apart, same = random.Random(a.seed), [], []
    for _ in range(a.examples):
        prompt, answer = data.encode(tok, generate.example(rnd))
        ids = prompt + answer
        text = subprocess.run([a.briefctl, 'tokenize', '-m', a.model], input=tok.decode(ids, skip_special_tokens=True), capture_output=True, text=True, check=True)
        assert json.loads(text.stdout)['ids'] == tok.encode(tok.decode(ids, skip_special_tokens=True)).ids
        answer = subprocess.run([a.briefctl, 'logits', '-m', a.model, '--tokens', ','.join(map(str, ids)), '--top', str(model.c.vocab)],
                                capture_output=True, text=True, check=True)
        with torch.no_grad():
            exact = model(torch.tensor([ids]))[0].log_softmax(-1)
        for row in json.loads(answer.stdout)['top']:
            theirs = dict(zip(row['ids'], row['logprobs']))
            best = exact[row['pos']].topk(8)
            apart += [abs(theirs[i] - v) for i, v in zip(best.indices.tolist(), best.values.tolist())]
            same.append(row['ids'][0] == best.indices[0].item())
    print(json.dumps(dict(positions=len(same), mean=sum(apart) / len(apart), largest=max(apart), same_most_probable=sum(same) / len(same))))


if __name__ == '__main__':
    main()
