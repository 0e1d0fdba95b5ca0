"""Trains the byte-level BPE tokenizer on generated text:  python tokenizer.py CORPUS [--vocab 4096]  -> tokenizer.json"""
import argparse
import os

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

SPECIALS = ['<|endoftext|>', '<|im_start|>', '<|im_end|>']


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('corpus', nargs='+')
    ap.add_argument('--vocab', type=int, default=4096)
    a = ap.parse_args()
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tok.decoder = decoders.ByteLevel()
    tok.train(a.corpus, trainers.BpeTrainer(vocab_size=a.vocab, special_tokens=SPECIALS, min_frequency=2,
                                            initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tok.save(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'tokenizer.json'))


if __name__ == '__main__':
    main()
