"""SmolLM2-135M-Instruct made small: a checkpoint that train.py goes on from.

    python smol_start.py vocabulary SMOLLM2.gguf DIR [--vocab 8192]    DIR/tokenizer.json, DIR/teacher.pt
    python smol_start.py layers DIR [--down-to 6]                      DIR/layers.jsonl: what each layer's removal costs
    python smol_start.py experts DIR [--layers 19]                     DIR/last.pt, DIR/experts.json

vocabulary: the tokens that generated examples use, the ones that these are merged from, all bytes, then SmolLM2's earliest
merges. A text whose tokens were all kept is cut as before, for each merge on the way to a kept token is kept, and no other
one comes first that did not before; any other text is cut into kept pieces.
layers: the layer whose removal costs least goes first; the next one is chosen with that one gone.
experts: in the layers left, the neurons that write most become the shared expert, the others groups of equal size that
write for the same tokens. The router begins as a regression of how much each group writes. Source of the idea: Pei et al.
2025, "CMoE: Converting mixture-of-experts from dense to accelerate LLM inference"."""
import argparse
import collections
import dataclasses
import json
import os
import random

os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')

import gguf
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

import data
import export
import generate
from model import Config, Model

BASE = 'HuggingFaceTB/SmolLM2-135M-Instruct'
DENSE = {'gate': 'ffn_gate', 'up': 'ffn_up', 'down': 'ffn_down'}


def save(path, model, info):
    torch.save(dict(model=model.state_dict(), config=dataclasses.asdict(model.c), info=info), path)


def examples(count, seed):
    rnd = random.Random(seed)
    return [generate.example(rnd) for _ in range(count)]


# ---- the vocabulary ----


def kept_tokens(tokens, merges, counts, size):
    """Ids that stay, ascending. counts: of each id in the domain's text."""
    ids = {t: i for i, t in enumerate(tokens)}
    parts = {}
    for m in merges:
        a, b = m.split(' ')
        parts.setdefault(ids[a + b], (ids[a], ids[b]))
    made = set(parts)
    kept = {i for i, t in enumerate(tokens) if t in export.SPECIALS or i not in made and len(t) == 1}

    def with_parts(i):
        need, todo = set(), [i]
        while todo:
            j = todo.pop()
            if j not in kept and j not in need:
                need.add(j)
                todo += parts.get(j, ())
        return need

    for i in [i for i, _ in counts.most_common()] + list(parts):
        need = with_parts(i) if i in made else set()
        if len(kept) + len(need) <= size:
            kept |= need
    return sorted(kept)


def read_dense(reader, kept):
    """SmolLM2 as a model without routed experts; its rows of the embedding for the kept tokens only."""
    def value(key):
        return export.field(reader, 'llama.' + key)

    heads = value('attention.head_count')
    c = Config(vocab=len(kept), d=value('embedding_length'), layers=value('block_count'), heads=heads, kv_heads=value('attention.head_count_kv'),
               head_dim=value('embedding_length') // heads, experts=0, used=0, ff=0, shared_ff=value('feed_forward_length'), context=2048,
               rope_theta=float(value('rope.freq_base')), eps=float(value('attention.layer_norm_rms_epsilon')), emb_scale=1.0)
    model = Model(c)
    tensors = {t.name: t for t in reader.tensors}
    with torch.no_grad():
        for name, p in model.named_parameters():
            part = name.split('.')[-1]
            t = tensors[export.gguf_name(name).replace('_shexp', '') if part in ('sgate', 'sup', 'sdown') else export.gguf_name(name)]
            x = torch.from_numpy(gguf.quants.dequantize(t.data, t.tensor_type).copy())
            p.copy_(x[kept] if name == 'emb' else x.view_as(p))
    return model


def vocabulary(a):
    reader = gguf.GGUFReader(a.gguf)
    tokens, merges = export.field(reader, 'tokenizer.ggml.tokens'), export.field(reader, 'tokenizer.ggml.merges')
    whole = export.byte_level(tokens, merges, digits=True)
    counts, texts = collections.Counter(), []
    for e in examples(a.examples, a.seed):
        texts.append(data.prompt_text(e['system'], e['user']) + e['answer'])
        counts.update(whole.encode(texts[-1], add_special_tokens=False).ids)
    kept = kept_tokens(tokens, merges, counts, a.vocab)
    names = {tokens[i] for i in kept}
    merges = [m for m in merges if {*m.split(' '), m.replace(' ', '')} <= names]
    tok = export.byte_level([tokens[i] for i in kept], merges, digits=True)
    os.makedirs(a.dir, exist_ok=True)
    tok.save(os.path.join(a.dir, 'tokenizer.json'))
    model = read_dense(reader, kept)
    save(os.path.join(a.dir, 'teacher.pt'), model, dict(base=BASE))
    fresh = [data.prompt_text(e['system'], e['user']) + e['answer'] for e in examples(300, a.seed + 1)]
    before, after = ([[t.id_to_token(i) for i in t.encode(x, add_special_tokens=False).ids] for x in fresh] for t in (whole, tok))
    assert all(x == y for x, y in zip(before, after) if names.issuperset(x)) and all(tok.decode(tok.encode(x).ids, False) == x for x in fresh)
    print(json.dumps(dict(tokens=len(kept), used_by_domain=len(counts), params=sum(p.numel() for p in model.parameters()),
                          fresh_texts_cut_the_same=sum(x == y for x, y in zip(before, after)) / len(fresh),
                          tokens_of_fresh_texts=[sum(map(len, before)), sum(map(len, after))])))


# ---- layers ----


def sample(tok, count, seed, longest):
    """One batch of examples: ids, positions, next tokens, which of them are answers."""
    pairs = [p for p in (data.encode(tok, e) for e in examples(3 * count, seed)) if len(p[0]) + len(p[1]) <= longest]
    return data.batch_of(pairs[:count], random.Random(seed), 0.3)


def head_loss(model, x, batch):
    """Loss on answers and on prompts after the last layer."""
    _, pick, target, weight = batch
    x = F.rms_norm(x, (model.c.d,), model.norm, model.c.eps).view(-1, model.c.d)[pick]
    loss = F.cross_entropy(F.linear(x, model.emb).float(), target, reduction='none')
    return loss[weight == 1.0].mean().item(), loss[weight < 1.0].mean().item()


def through(model, x, layers, seen=None):
    at = slice(0, x.shape[1])
    for i in layers:
        if seen is not None:
            seen.append(x)
        x = model.blocks[i](x, model.cos[at], model.sin[at], [])
    return x


@torch.no_grad()
def layers(a):
    model, _ = export.load_checkpoint(os.path.join(a.dir, 'teacher.pt'))
    tok = Tokenizer.from_file(os.path.join(a.dir, 'tokenizer.json'))
    batch = sample(tok, a.examples, a.seed, a.longest)
    left, cost = list(range(model.c.layers)), {}
    with open(os.path.join(a.dir, 'layers.jsonl'), 'w') as out, torch.autocast('cpu', dtype=torch.bfloat16):
        while len(left) > a.down_to:
            seen = []
            whole = head_loss(model, through(model, F.embedding(batch[0], model.emb), left, seen), batch)
            among = sorted(left, key=lambda i: cost.get(i, 0))[:a.candidates if cost else None]
            found = {}
            for i in among:
                at = left.index(i)
                found[i] = head_loss(model, through(model, seen[at], left[at + 1:]), batch)
                cost[i] = sum(found[i]) - sum(whole)
            gone = min(among, key=cost.get)
            line = dict(layers=len(left), loss=[round(x, 3) for x in whole], without={i: [round(x, 3) for x in found[i]] for i in sorted(found)}, gone=gone)
            print(json.dumps(line), file=out, flush=True)
            print(json.dumps(dict(layers=len(left), loss=line['loss'], gone=gone)), flush=True)
            left.remove(gone)


# ---- experts ----


def balanced_groups(points, n, rounds=12):
    """Rows into n groups of equal size by cosine: k-means where the row that would lose most by waiting chooses first."""
    points = F.normalize(points, dim=-1)
    centres, size = points[torch.randperm(len(points))[:n]], len(points) // n
    for _ in range(rounds):
        near = points @ centres.T
        best = near.topk(2, -1).values
        group, room = torch.empty(len(points), dtype=torch.long), torch.full((n,), size)
        for i in (best[:, 0] - best[:, 1]).argsort(descending=True).tolist():
            to = near[i].masked_fill(room == 0, -2).argmax()
            group[i], room[to] = to, room[to] - 1
        centres = F.normalize(torch.stack([points[group == g].mean(0) for g in range(n)]), dim=-1)
    return group


def split(dense, moe, h, ridge=0.01):
    """One feed-forward layer; h [N, d]: what it reads. Returns how much of its output the chosen experts keep."""
    c = moe.c
    act = F.silu(F.linear(h, dense.sgate)) * F.linear(h, dense.sup)
    writes = act.abs() * dense.sdown.norm(dim=0)
    order = writes.mean(0).argsort(descending=True)
    shared, rest = order[:c.shared_ff], order[c.shared_ff:c.shared_ff + c.experts * c.ff]
    group = balanced_groups(writes[:, rest].T, c.experts)
    moe.sgate.copy_(dense.sgate[shared])
    moe.sup.copy_(dense.sup[shared])
    moe.sdown.copy_(dense.sdown[:, shared])
    size = []
    for e in range(c.experts):
        part = rest[group == e]
        moe.gate[e], moe.up[e], moe.down[e] = dense.sgate[part], dense.sup[part], dense.sdown[:, part] * c.used
        size.append((act[:, part] @ dense.sdown[:, part].T).norm(dim=-1))
    size = torch.stack(size, -1).log()
    size = (size - size.mean()) / size.std()
    gram = h.T @ h
    moe.router.copy_(0.5 * torch.linalg.solve(gram + ridge * gram.diagonal().mean() * torch.eye(c.d), h.T @ size).T)
    whole = dense.shared(h)
    return 1 - ((moe.routed(h, []) + moe.shared(h) - whole).norm() / whole.norm()).item() ** 2


@torch.no_grad()
def experts(a):
    torch.manual_seed(a.seed)
    dense, info = export.load_checkpoint(os.path.join(a.dir, 'teacher.pt'))
    tok = Tokenizer.from_file(os.path.join(a.dir, 'tokenizer.json'))
    with open(os.path.join(a.dir, 'layers.jsonl')) as f:
        gone = [json.loads(line)['gone'] for line in f][:dense.c.layers - a.layers]
    left = [i for i in range(dense.c.layers) if i not in gone]
    c = dataclasses.replace(dense.c, layers=len(left), experts=a.experts, used=a.used, ff=a.ff, shared_ff=a.shared)
    model = Model(c)
    batch = sample(tok, a.examples, a.seed, a.longest)
    real = torch.cat([torch.arange(len(p)) < n for p, n in zip(batch[0], lengths(batch[0]))])
    cos, sin = dense.cos[:batch[0].shape[1]], dense.sin[:batch[0].shape[1]]
    model.emb.copy_(dense.emb)
    model.norm.copy_(dense.norm)
    x = y = F.embedding(batch[0], dense.emb)
    kept = {}
    for i, new in zip(left, model.blocks):
        old = dense.blocks[i]
        for name in ('attn_norm', 'ffn_norm', 'q', 'k', 'v', 'o'):
            getattr(new, name).copy_(getattr(old, name))
        after = x + old.attention(F.rms_norm(x, (c.d,), old.attn_norm, c.eps), cos, sin)
        h = F.rms_norm(after, (c.d,), old.ffn_norm, c.eps).view(-1, c.d)
        kept[i] = round(split(old, new, h[real]), 3)
        x, y = after + old.shared(h).view_as(x), new(y, cos, sin, [])
    figures = dict(layers=left, output_kept=kept, loss_dense=head_loss(dense, x, batch), loss_experts=head_loss(model, y, batch),
                   params=sum(p.numel() for p in model.parameters()), active=active(c))
    with open(os.path.join(a.dir, 'experts.json'), 'w') as f:
        print(json.dumps(figures), file=f)
    print(json.dumps(figures))
    save(os.path.join(a.dir, 'last.pt'), model, info | dict(layers=left))


def lengths(ids):
    """Of right-padded rows: up to the last token that is not 0."""
    return [int(row.nonzero().max()) + 1 for row in ids]


def active(c):
    """Parameters that one token's logits are computed with; the embedding counts once, as the output."""
    attention = c.d * c.head_dim * 2 * (c.heads + c.kv_heads)
    return c.layers * (attention + 3 * c.d * (c.shared_ff + c.used * c.ff) + c.experts * c.d + 2 * c.d) + c.vocab * c.d + c.d


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = ap.add_subparsers(required=True)

    def step(run, count, **defaults):
        p = steps.add_parser(run.__name__)
        p.set_defaults(run=run)
        if run is vocabulary:
            p.add_argument('gguf')
        p.add_argument('dir')
        p.add_argument('--examples', type=int, default=count)
        p.add_argument('--longest', type=int, default=700)
        p.add_argument('--seed', type=int, default=77)
        p.add_argument('--threads', type=int, default=2)
        for name, value in defaults.items():
            p.add_argument('--' + name.replace('_', '-'), type=int, default=value)

    step(vocabulary, 3000, vocab=8192)
    step(layers, 10, down_to=6, candidates=6)
    step(experts, 16, layers=19, experts=8, used=2, ff=64, shared=192)
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    a.run(a)


if __name__ == '__main__':
    main()
