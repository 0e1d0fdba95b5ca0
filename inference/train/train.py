"""Train the model on generated examples until a time of day or for some minutes; resumes from its checkpoint.

    python train.py --minutes 60 [--ckpt DIR] [--from-gguf FILE]

Muon for the matrices of the layers, AdamW for embeddings, norms and routers; AdamW for all with --adam. The learning rate
follows the clock: warm-up, constant, then linear to zero over the last 40 % of the time, so that the run always ends cooled
down. A checkpoint without the state of optimisers (smol_start.py writes one) is where training starts; with --teacher the
prompt's tokens are learned from what a bigger model of the same tokenizer expects there, not from the text."""
import argparse
import dataclasses
import json
import os
import signal
import time

os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')  # read when torch is loaded: no spinning where cores are shared

import torch
import torch.nn.functional as F

import data
import export
from model import Config, Model, teach_copying


def orthogonal(g):
    """Newton-Schulz: the nearest semi-orthogonal matrix, for a stack of matrices."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = g.bfloat16()
    wide = x.shape[-2] > x.shape[-1]
    if wide:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(5):
        s = x @ x.mT
        x = a * x + (b * s + c * s @ s) @ x
    return (x.mT if wide else x).float()


class Muon:
    def __init__(self, params, momentum=0.95, decay=0.01):
        self.groups = {}
        for p in params:
            self.groups.setdefault(tuple(p.shape), []).append(p)
        self.momentum, self.decay = momentum, decay
        self.buf = {s: [torch.zeros_like(p) for p in ps] for s, ps in self.groups.items()}

    @torch.no_grad()
    def step(self, lr):
        for shape, params in self.groups.items():
            for p, m in zip(params, self.buf[shape]):
                m.lerp_(p.grad, 1 - self.momentum)
            updates = [p.grad.lerp(m, self.momentum) for p, m in zip(params, self.buf[shape])]
            stack = torch.cat([u.reshape(-1, *shape[-2:]) for u in updates])
            stack = orthogonal(stack) * (0.2 * max(shape[-2:]) ** 0.5)
            for p, u in zip(params, stack.split([p.numel() // (shape[-1] * shape[-2]) for p in params])):
                p.mul_(1 - lr * self.decay).sub_(u.view_as(p), alpha=lr)


def lr_at(progress, step, warmup=40):
    rise = min(1.0, (step + 1) / warmup)
    return rise * min(1.0, (1 - progress) / 0.4)


def save(path, model, muon, adam, info):
    torch.save(dict(model=model.state_dict(), muon=muon.buf, adam=adam.state_dict(), info=info,
                    config=dataclasses.asdict(model.c)), path + '.tmp')
    os.replace(path + '.tmp', path)


def begin_with(path, from_gguf):
    """A model, and the state of the checkpoint that it comes from ({}: none)."""
    if os.path.exists(path):
        state = torch.load(path, weights_only=False)
        model = Model(Config(**state['config']))
        model.load_state_dict(state['model'])
        return model, state
    if from_gguf:
        return export.read_model(from_gguf), {}
    model = Model(Config())
    teach_copying(model)
    return model, {}


def loss_of(logits, target, weight, expected=None):
    """Mean loss by weight; expected: logits of a teacher for the positions of the prompt."""
    loss = F.cross_entropy(logits.float(), target, reduction='none')
    if expected is not None:
        prompt = weight < data.COPY_WEIGHT
        expected = expected.float().log_softmax(-1)
        apart = F.kl_div(logits[prompt].float().log_softmax(-1), expected, log_target=True, reduction='none').sum(-1)
        loss = loss.masked_scatter(prompt, apart)
    return (loss * weight).sum() / weight.sum()


@torch.no_grad()
def held_out_loss(model, batches):
    """Loss on answers, by token and by character (tokenizers differ)."""
    total, tokens, chars = 0.0, 0, 0
    for ids, pick, target, n_chars in batches:
        with torch.autocast('cpu', dtype=torch.bfloat16):
            logits = model(ids, pick)[0]
        total += F.cross_entropy(logits.float(), target, reduction='sum').item()
        tokens, chars = tokens + len(target), chars + n_chars
    return dict(held_out=round(total / tokens, 4), held_out_char=round(total / chars, 4))


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--minutes', type=float, default=60)
    ap.add_argument('--ckpt', default='ckpt')
    ap.add_argument('--from-gguf', help='start from the weights of a shipped file when there is no checkpoint')
    ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--tokens', type=int, default=4096, help='padded tokens of a batch')
    ap.add_argument('--lr', type=float, default=3e-3)
    ap.add_argument('--threads', type=int, default=2)
    ap.add_argument('--save-minutes', type=float, default=5)
    ap.add_argument('--progress', type=float, default=0.0, help='where on the learning-rate schedule to begin')
    ap.add_argument('--copy', type=float, default=0.1, help='batches of pure copying for each batch of examples')
    ap.add_argument('--prompt-share', type=float, default=0.05, help='tokens of the prompt that are learned too')
    ap.add_argument('--longest', type=int, default=600, help='tokens of an example; longer ones are left out')
    ap.add_argument('--adam', action='store_true', help='AdamW for all weights: for a start with pretrained ones')
    ap.add_argument('--teacher', help='a checkpoint')
    ap.add_argument('--teacher-until', type=float, default=0.5, help='part of the run that has the teacher')
    ap.add_argument('--held-out', type=int, default=0, help='generated examples whose loss is told at the end and with each save')
    ap.add_argument('--steps', type=int, default=10**9)
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    os.makedirs(a.ckpt, exist_ok=True)
    path, tok_path = os.path.join(a.ckpt, 'last.pt'), export.tokenizer_path(a.ckpt)
    model, state = begin_with(path, a.from_gguf)
    info = dict(step=0, tokens=0, answer_tokens=0, seconds=0.0, runs=0) | state.get('info', {})
    teacher = export.load_checkpoint(a.teacher)[0] if a.teacher else None
    held_out = data.held_out(tok_path, a.held_out)
    muon_params = [] if a.adam else [p for n, p in model.named_parameters() if p.dim() >= 2 and n != 'emb' and 'router' not in n]
    muon_ids = {id(p) for p in muon_params}
    rest = [p for p in model.parameters() if id(p) not in muon_ids]
    muon = Muon(muon_params)
    adam = torch.optim.AdamW(rest, lr=a.lr, betas=(0.9, 0.95), weight_decay=0.0)
    if 'adam' in state:
        muon.buf = state['muon']
        adam.load_state_dict(state['adam'])
    del state
    info['runs'] += 1
    # Heads that look at a place by its distance read this constant: as the bias of tied outputs it would soon differ.
    constant = None if 'base' in info else model.emb[:, 0].detach().clone()
    print(json.dumps(dict(params=sum(p.numel() for p in model.parameters()), resumed=info)), flush=True)
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
    begin = saved = shown = time.time()
    run_tokens, loss_sum, loss_n, first, copy_loss = 0, 0.0, 0, info['step'], 0.0
    source = data.background(tok_path, a.seed * 1000 + info['runs'], a.tokens, a.copy, a.prompt_share, a.longest)
    for ids, pick, target, weight in source:
        now = time.time()
        progress = a.progress + (1 - a.progress) * (now - begin) / (60 * a.minutes)
        if stop or progress >= 1 or info['step'] - first >= a.steps:
            break
        lr = a.lr * lr_at(progress, info['step'] - first)
        expected = None
        with torch.autocast('cpu', dtype=torch.bfloat16):
            if teacher and progress < a.teacher_until:
                with torch.no_grad():
                    expected = teacher(ids, pick[weight < data.COPY_WEIGHT])[0]
            logits, stats = model(ids, pick)
        loss = loss_of(logits, target, weight, expected)
        balance = sum(s[1] for s in stats) / len(stats)
        (loss + 0.03 * balance).backward()
        torch.nn.utils.clip_grad_norm_(rest, 1.0)
        for g in adam.param_groups:
            g['lr'] = lr * 0.25
        adam.step()
        if constant is not None:
            with torch.no_grad():
                model.emb[:, 0] = constant
        muon.step(lr)
        model.zero_grad(set_to_none=True)
        answers = weight == 1.0
        if answers.any():
            loss_sum += F.cross_entropy(logits.detach().float()[answers], target[answers]).item()
            loss_n += 1
        else:
            copy_loss = loss.item()
        info['step'] += 1
        info['tokens'] += ids.numel()
        info['answer_tokens'] += int(answers.sum())
        run_tokens += ids.numel()
        if time.time() - shown > 20:
            least = min(float(s[0].min()) for s in stats)
            most = max(float(s[0].max()) for s in stats)
            print(json.dumps(dict(step=info['step'], tokens=info['tokens'], loss=round(loss_sum / max(1, loss_n), 4), copy_loss=round(copy_loss, 3),
                                  lr=round(lr, 5), tps=int(run_tokens / (time.time() - begin)),
                                  expert_share=[round(least, 3), round(most, 3)])), flush=True)
            shown, loss_sum, loss_n = time.time(), 0.0, 0
        if time.time() - saved > 60 * a.save_minutes:
            info['seconds'] += time.time() - saved
            saved = time.time()
            save(path, model, muon, adam, info)
            if held_out:
                print(json.dumps(dict(tokens=info['tokens'], **held_out_loss(model, held_out))), flush=True)
    source.close()
    info['seconds'] += time.time() - saved
    save(path, model, muon, adam, info)
    if held_out:
        info |= held_out_loss(model, held_out)
    print(json.dumps(dict(finished=info)), flush=True)


if __name__ == '__main__':
    main()
