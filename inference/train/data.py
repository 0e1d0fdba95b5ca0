"""Examples to token batches: a background process generates, tokenises and puts batches into a queue."""
import multiprocessing as mp
import random

import torch
from tokenizers import Tokenizer

import generate

IM_END = '<|im_end|>'
PROMPT_WEIGHT, COPY_WEIGHT = 0.3, 0.5  # of a token in the loss; one of an answer: 1


def prompt_text(system, user):
    return f'<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n'


def encode(tok, ex):
    p = tok.encode(prompt_text(ex['system'], ex['user']), add_special_tokens=False).ids
    a = tok.encode(ex['answer'] + IM_END, add_special_tokens=False).ids
    return p, a


def batch_of(samples, rnd, prompt_share):
    """Right-padded ids and the flat positions whose next token is learned: every answer token, some of the prompt."""
    width = max(len(p) + len(a) for p, a in samples)
    ids = torch.zeros(len(samples), width, dtype=torch.long)
    pick, target, weight = [], [], []
    for r, (p, a) in enumerate(samples):
        seq = p + a
        ids[r, :len(seq)] = torch.tensor(seq)
        for i in range(len(seq) - 1):
            answer = i + 1 >= len(p)
            if answer or (i > 25 and rnd.random() < prompt_share):
                pick.append(r * width + i)
                target.append(seq[i + 1])
                weight.append(1.0 if answer else PROMPT_WEIGHT)
    return ids, torch.tensor(pick), torch.tensor(target), torch.tensor(weight)


def copy_batch(source, rnd, tokens):
    """Random tokens, later once more: nothing to learn but to copy, which is half of what this model does. Often of few
    different tokens: where each comes again and again, only the ones before tell which of them is being copied."""
    size = rnd.choice([6, 8, 12, 16, 24, 40, 60])
    source = rnd.sample(source, rnd.choice([6, 12, 25, 60, len(source)]))
    before, between = rnd.choice([0, 0, 4, 12]), rnd.choice([0, 0, 4, 12])
    width = before + 2 * size + between
    rows = max(1, tokens // width)
    ids = torch.tensor([rnd.choices(source, k=width - size) for _ in range(rows)])
    ids = torch.cat([ids, ids[:, before:before + size]], 1)
    at = torch.arange(width - size, width - 1)
    pick = (torch.arange(rows)[:, None] * width + at).flatten()
    return ids, pick, ids[:, at + 1].flatten(), torch.full((len(pick),), COPY_WEIGHT)


def held_out(tok_path, count, seed=424242, of_a_batch=8):
    """Examples that no training run has seen: [(ids, pick, target, characters of the answers)]."""
    tok, rnd = Tokenizer.from_file(tok_path), random.Random(seed)
    examples = [generate.example(rnd) for _ in range(count)]
    examples.sort(key=lambda e: len(e['system']) + len(e['user']) + len(e['answer']))
    out = []
    for at in range(0, count, of_a_batch):
        part = examples[at:at + of_a_batch]
        out.append((*batch_of([encode(tok, e) for e in part], rnd, 0.0)[:3], sum(len(e['answer']) for e in part)))
    return out


def batches(tok_path, seed, tokens, copy_share=0.0, prompt_share=0.05, max_len=600):
    tok, rnd = Tokenizer.from_file(tok_path), random.Random(seed)
    while True:
        pool = []
        while len(pool) < 400:
            p, a = encode(tok, generate.example(rnd))
            if len(p) + len(a) <= max_len:
                pool.append((p, a))
        pool.sort(key=lambda s: len(s[0]) + len(s[1]))
        source = range(3, tok.get_vocab_size())
        groups, group = [], []
        for s in pool:
            if group and (len(group) + 1) * (len(s[0]) + len(s[1])) > tokens:
                groups.append(group)
                group = []
            group.append(s)
        rnd.shuffle(groups)
        for g in groups:
            if rnd.random() < copy_share:
                yield copy_batch(source, rnd, tokens)
            yield batch_of(g, rnd, prompt_share)


def worker(queue, *args):
    torch.set_num_threads(1)
    for b in batches(*args):
        queue.put([t.numpy() for t in b])


def background(tok_path, seed, tokens, copy_share, prompt_share, max_len):
    queue = mp.Queue(24)
    process = mp.Process(target=worker, args=(queue, tok_path, seed, tokens, copy_share, prompt_share, max_len), daemon=True)
    process.start()
    try:
        while True:
            yield [torch.from_numpy(t) for t in queue.get()]
    finally:
        process.kill()
