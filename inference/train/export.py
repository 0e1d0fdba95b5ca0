"""Checkpoint to GGUF (Q8_0 matrices, F32 norms and routers) that llama.cpp loads as granitemoe.

    python export.py CKPT/last.pt OUT.gguf [--f32] [--routed q4_0]

The tokenizer is the tokenizer.json beside the checkpoint or, where there is none, the one in this folder."""
import argparse
import json
import os

import gguf
import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from model import Config, Model

HERE = os.path.dirname(os.path.abspath(__file__))
CHAT = ("{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")
LAYER = {'attn_norm': 'attn_norm', 'ffn_norm': 'ffn_norm', 'q': 'attn_q', 'k': 'attn_k', 'v': 'attn_v', 'o': 'attn_output', 'router': 'ffn_gate_inp',
         'gate': 'ffn_gate_exps', 'up': 'ffn_up_exps', 'down': 'ffn_down_exps', 'sgate': 'ffn_gate_shexp', 'sup': 'ffn_up_shexp', 'sdown': 'ffn_down_shexp'}
SPECIALS = ('<|endoftext|>', '<|im_start|>', '<|im_end|>')
TYPES = dict(q8_0=gguf.GGMLQuantizationType.Q8_0, q4_0=gguf.GGMLQuantizationType.Q4_0)
KEYS = dict(d='embedding_length', layers='block_count', heads='attention.head_count', kv_heads='attention.head_count_kv',
            experts='expert_count', used='expert_used_count', ff='feed_forward_length', shared_ff='expert_shared_feed_forward_length',
            context='context_length', rope_theta='rope.freq_base', eps='attention.layer_norm_rms_epsilon', emb_scale='embedding_scale',
            res_scale='residual_scale', logit_scale='logit_scale')


def tokenizer_path(folder):
    """Of a checkpoint's folder: its own tokenizer, else that of the shipped model."""
    own = os.path.join(folder, 'tokenizer.json')
    return own if os.path.exists(own) else os.path.join(HERE, 'tokenizer.json')


def byte_level(tokens, merges, digits):
    """A byte-level BPE tokenizer. digits: each digit is a piece of its own (pre-tokeniser "smollm", not "gpt-2")."""
    tok = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=[tuple(m.split(' ')) for m in merges]))
    split = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tok.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), split]) if digits else split
    tok.decoder = decoders.ByteLevel()
    tok.add_special_tokens([t for t in SPECIALS if t in tokens])
    return tok


def field(reader, key, default=None):
    f = reader.get_field(key)
    return f.contents() if f else default


def read_tokenizer(path):
    """The tokenizer inside a GGUF file."""
    r = gguf.GGUFReader(path)
    return byte_level(field(r, 'tokenizer.ggml.tokens'), field(r, 'tokenizer.ggml.merges'), field(r, 'tokenizer.ggml.pre') == 'smollm')


def read_model(path):
    """The model of a granitemoe GGUF file, its weights dequantised."""
    r = gguf.GGUFReader(path)
    c = Config()
    values = {name: field(r, 'granitemoe.' + key, getattr(c, name)) for name, key in KEYS.items()}
    values['vocab'], values['head_dim'] = len(field(r, 'tokenizer.ggml.tokens')), field(r, 'granitemoe.rope.dimension_count', c.head_dim)
    model = Model(Config(**values))
    load_into(model, path)
    return model


def gguf_name(name):
    if name == 'emb':
        return 'token_embd.weight'
    if name == 'norm':
        return 'output_norm.weight'
    _, i, part = name.split('.')
    return f'blk.{i}.{LAYER[part]}.weight'


def load_into(model, path):
    """Weights of a GGUF file (dequantised) into the model: to go on training from a shipped file."""
    tensors = {t.name: t for t in gguf.GGUFReader(path).tensors}
    with torch.no_grad():
        for name, p in model.named_parameters():
            t = tensors[gguf_name(name)]
            p.copy_(torch.from_numpy(gguf.quants.dequantize(t.data, t.tensor_type).copy()).view_as(p))


def write(model, path, tok, f32=False, routed='q8_0', base=None):
    """base: the repository on a hub of the model that training began with, if it was not from scratch."""
    c = model.c
    w = gguf.GGUFWriter(path, 'granitemoe')
    w.add_name('briefd-moe')
    w.add_description('Sales briefs and e-mail drafts from CRM records in slots')
    w.add_license('Apache-2.0')
    if base:
        organisation, name = base.split('/')
        w.add_base_model_count(1)
        w.add_base_model_name(0, name)
        w.add_base_model_organization(0, organisation)
        w.add_base_model_repo_url(0, 'https://huggingface.co/' + base)
    w.add_file_type(0 if f32 else 2 if routed == 'q4_0' else 7)
    w.add_quantization_version(2)
    w.add_vocab_size(c.vocab)
    w.add_rope_dimension_count(c.head_dim)
    w.add_attention_scale(c.att_scale)
    for name, key in KEYS.items():
        value = getattr(c, name)
        (w.add_float32 if isinstance(value, float) else w.add_uint32)('granitemoe.' + key, value)
    whole = json.loads(tok.to_str())
    bpe = whole['model']
    tokens = sorted(bpe['vocab'], key=bpe['vocab'].get)
    types = [gguf.TokenType.CONTROL if t in SPECIALS else gguf.TokenType.NORMAL for t in tokens]
    w.add_tokenizer_model('gpt2')
    w.add_tokenizer_pre('smollm' if whole['pre_tokenizer']['type'] == 'Sequence' else 'gpt-2')
    w.add_token_list(tokens)
    w.add_token_types(types)
    w.add_token_merges([m if isinstance(m, str) else ' '.join(m) for m in bpe['merges']])
    w.add_bos_token_id(tokens.index('<|endoftext|>'))
    w.add_eos_token_id(tokens.index('<|im_end|>'))
    w.add_pad_token_id(tokens.index('<|endoftext|>'))
    w.add_add_bos_token(False)
    w.add_chat_template(CHAT)
    for name, p in model.named_parameters():
        x = p.detach().float().numpy()
        if f32 or x.ndim == 1 or 'router' in name:
            w.add_tensor(gguf_name(name), np.ascontiguousarray(x, dtype=np.float32))
        else:
            kind = TYPES[routed if x.ndim == 3 else 'q8_0']
            w.add_tensor(gguf_name(name), gguf.quants.quantize(x, kind), raw_dtype=kind)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def load_checkpoint(path):
    state = torch.load(path, weights_only=False)
    model = Model(Config(**state['config']))
    model.load_state_dict(state['model'])
    return model, state['info']


def load(path):
    """Model, tokenizer and what is known of the training: of a checkpoint or of a GGUF file."""
    if path.endswith('.gguf'):
        return read_model(path), read_tokenizer(path), {}
    model, info = load_checkpoint(path)
    return model, Tokenizer.from_file(tokenizer_path(os.path.dirname(path))), info


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('checkpoint', help='a checkpoint, or a .gguf file')
    ap.add_argument('out')
    ap.add_argument('--f32', action='store_true')
    ap.add_argument('--routed', choices=TYPES, default='q8_0', help='type of the routed experts')
    a = ap.parse_args()
    model, tok, info = load(a.checkpoint)
    write(model, a.out, tok, a.f32, a.routed, info.get('base'))
    print(json.dumps(dict(out=a.out, bytes=os.path.getsize(a.out), params=sum(p.numel() for p in model.parameters()), **info)))


if __name__ == '__main__':
    main()
