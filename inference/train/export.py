"""Checkpoint to GGUF (Q8_0 matrices, F32 norms and routers) that llama.cpp loads as granitemoe.

    python export.py CKPT/last.pt OUT.gguf [--f32]"""
import argparse
import json
import os

import gguf
import numpy as np
import torch

from model import Config, Model

HERE = os.path.dirname(os.path.abspath(__file__))
CHAT = ("{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")
LAYER = {'attn_norm': 'attn_norm', 'ffn_norm': 'ffn_norm', 'q': 'attn_q', 'k': 'attn_k', 'v': 'attn_v', 'o': 'attn_output', 'router': 'ffn_gate_inp',
         'gate': 'ffn_gate_exps', 'up': 'ffn_up_exps', 'down': 'ffn_down_exps', 'sgate': 'ffn_gate_shexp', 'sup': 'ffn_up_shexp', 'sdown': 'ffn_down_shexp'}


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


def write(model, path, f32=False):
    c = model.c
    w = gguf.GGUFWriter(path, 'granitemoe')
    w.add_name('briefd-moe')
    w.add_description('Sales briefs and e-mail drafts from CRM records in slots')
    w.add_license('Apache-2.0')
    w.add_file_type(0 if f32 else 7)
    w.add_quantization_version(2)
    w.add_context_length(c.context)
    w.add_embedding_length(c.d)
    w.add_block_count(c.layers)
    w.add_feed_forward_length(c.ff)
    w.add_head_count(c.heads)
    w.add_head_count_kv(c.kv_heads)
    w.add_layer_norm_rms_eps(c.eps)
    w.add_rope_freq_base(c.rope_theta)
    w.add_rope_dimension_count(c.head_dim)
    w.add_vocab_size(c.vocab)
    w.add_expert_count(c.experts)
    w.add_expert_used_count(c.used)
    w.add_expert_shared_feed_forward_length(c.shared_ff)
    w.add_embedding_scale(c.emb_scale)
    w.add_residual_scale(c.res_scale)
    w.add_attention_scale(c.att_scale)
    w.add_logit_scale(c.logit_scale)
    with open(os.path.join(HERE, 'tokenizer.json')) as f:
        bpe = json.load(f)['model']
    tokens = sorted(bpe['vocab'], key=bpe['vocab'].get)
    special = {'<|endoftext|>', '<|im_start|>', '<|im_end|>'}
    types = [gguf.TokenType.CONTROL if t in special else gguf.TokenType.NORMAL for t in tokens]
    w.add_tokenizer_model('gpt2')
    w.add_tokenizer_pre('gpt-2')
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
            q = gguf.quants.quantize(x, gguf.GGMLQuantizationType.Q8_0)
            w.add_tensor(gguf_name(name), q, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def load_checkpoint(path):
    state = torch.load(path, weights_only=False)
    model = Model(Config(**state['config']))
    model.load_state_dict(state['model'])
    return model, state['info']


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('checkpoint', help='a checkpoint, or a .gguf file')
    ap.add_argument('out')
    ap.add_argument('--f32', action='store_true')
    a = ap.parse_args()
    if a.checkpoint.endswith('.gguf'):
        model, info = Model(Config()), {}
        load_into(model, a.checkpoint)
    else:
        model, info = load_checkpoint(a.checkpoint)
    write(model, a.out, a.f32)
    print(json.dumps(dict(out=a.out, bytes=os.path.getsize(a.out), params=sum(p.numel() for p in model.parameters()), **info)))


if __name__ == '__main__':
    main()
