"""Are these the letters of the language?

answer: ngram_divergence
lesson: 12_text
difficulty: 2
minutes: 20
"""
# %% [markdown]
# Two lists of words can be compared without looking at a single one: do they have the same runs of letters, equally often? Put `^` before each word and `$` behind it, and take all runs of `n` characters. Let $p_g$ be the share of the run $g$ among those of the
# first list, $q_g$ among those of the second, and $m = \tfrac12 (p + q)$. The Jensen–Shannon divergence is
#
# $$\tfrac12 \sum_g p_g \log_2 \frac{p_g}{m_g} + \tfrac12 \sum_g q_g \log_2 \frac{q_g}{m_g} ,$$
#
# where a run that a list doesn't have adds nothing to that list's sum. It is 0 for equal shares and 1 for lists without a common run.
#
# Write `ngram_divergence(words, others, n)` for two lists of strings; return a float. The lists may be of different length. Words too short for a run of `n` have none.

# %% given
import math
from collections import Counter

# %% blank
def ngram_divergence(words, others, n):
    raise NotImplementedError

# %% reference
def ngram_divergence(words, others, n):
    def shares(part):
        counts = Counter(f"^{word}$"[i:i + n] for word in part for i in range(len(word) + 3 - n))
        return {gram: count / sum(counts.values()) for gram, count in counts.items()}

    def half(p, q):
        return sum(share * math.log2(2 * share / (share + q.get(gram, 0))) for gram, share in p.items()) / 2

    p, q = shares(words), shares(others)
    return half(p, q) + half(q, p)

# %% also right
from ssgan_edu.text import ngram_divergence

# %% also right
import numpy as np

def ngram_divergence(words, others, n):
    "The entropy of the mean less the mean of the entropies."
    counts = []
    for part in (words, others):
        found = Counter()
        for word in part:
            marked = "^" + word + "$"
            found.update(marked[i:i + n] for i in range(max(0, len(marked) - n + 1)))
        counts.append(found)
    grams = list(set(counts[0]) | set(counts[1]))
    p, q = (np.array([found[gram] for gram in grams]) / sum(found.values()) for found in counts)
    def entropy(shares): return -(shares[shares > 0] * np.log2(shares[shares > 0])).sum()
    return entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2

# %% check
import random
from ssgan_edu.exercises import expect


def check(answer, reference):
    random_words = random.Random(0)
    def some(count, letters): return ["".join(random_words.choices(letters, k=random_words.randint(1, 6))) for _ in range(count)]
    lists = [(["anna", "nana", "an"], ["panama", "nap", "pan", "man", "a"], 2), (some(30, "aab"), some(50, "abc"), 3), (some(20, "ab"), some(20, "abc"), 1),
             (["ab", "abcd"], ["abcd", "b", "bcd"], 4)]
    for words, others, n in lists:
        on = {"words": words, "others": others, "n": n}
        expect(answer(list(words), list(others), n), reference(words, others, n), on)
        expect(answer(list(others), list(words), n), reference(words, others, n), on, "the result with the lists exchanged")
    for words, others, expected in ((["ab", "ba"], ["ba", "ab", "ab", "ba"], 0.0), (["aa"], ["bb", "bbb"], 1.0)):
        expect(answer(list(words), list(others), 3), expected, {"words": words, "others": others, "n": 3}, "a special case")

# %% hint
# Count first, one list at a time: a `collections.Counter` of all slices of length n, over all marked words. A word of k letters has k + 3 − n of them.
# %% hint
# Divide each list's counts by that list's own total. Only then take the mean m of the two shares; a run that one list lacks has the share 0 there.
# %% hint
# Each sum runs over the runs that its own list has: for these the share is above 0, m is too, and no logarithm meets a zero. `Counter` and `dict.get(gram, 0)` know what is not there.

# %% wrong: natural logarithm
# The logarithm is the natural one. With base 2 the divergence is in bits, and lists without a common run have 1 and not 0.69.
def ngram_divergence(words, others, n):
    def shares(part):
        counts = Counter(f"^{word}$"[i:i + n] for word in part for i in range(len(word) + 3 - n))
        return {gram: count / sum(counts.values()) for gram, count in counts.items()}
    p, q = shares(words), shares(others)
    return sum(share * math.log(2 * share / (p.get(gram, 0) + q.get(gram, 0))) for part in (p, q) for gram, share in part.items()) / 2

# %% wrong: distance instead of divergence
# This is the square root of what is asked for. `scipy.spatial.distance.jensenshannon` returns the distance, which is the root of the divergence: square it.
from scipy.spatial.distance import jensenshannon

def ngram_divergence(words, others, n):
    counts = [Counter(f"^{word}$"[i:i + n] for word in part for i in range(len(word) + 3 - n)) for part in (words, others)]
    grams = sorted(counts[0].keys() | counts[1].keys())
    return float(jensenshannon(*([found[gram] for gram in grams] for found in counts), base=2))

# %% wrong: lists pooled
# The mean m was taken of the counts of both lists together, so the longer list weighs more. Turn each list's counts into shares first; m is the mean of the shares.
def ngram_divergence(words, others, n):
    counts = [Counter(f"^{word}$"[i:i + n] for word in part for i in range(len(word) + 3 - n)) for part in (words, others)]
    pooled = counts[0] + counts[1]
    total = sum(pooled.values())
    return sum(count / sum(part.values()) * math.log2(count / sum(part.values()) / (pooled[gram] / total)) for part in counts for gram, count in part.items()) / 2

# %% wrong: no marks
# The runs at the beginning and at the end of a word are missing. What words begin and end with tells a language apart, so they get marks.
def ngram_divergence(words, others, n):
    def shares(part):
        counts = Counter(word[i:i + n] for word in part for i in range(len(word) + 1 - n))
        return {gram: count / sum(counts.values()) for gram, count in counts.items()}
    p, q = shares(words), shares(others)
    return sum(share * math.log2(2 * share / (p.get(gram, 0) + q.get(gram, 0))) for part in (p, q) for gram, share in part.items()) / 2

# %% wrong: runs across words
# The words were joined and then cut into runs, so some runs begin in one word and end in the next. Those say how the list is ordered, and nothing of the words.
def ngram_divergence(words, others, n):
    def shares(part):
        joined = "".join(f"^{word}$" for word in part)
        counts = Counter(joined[i:i + n] for i in range(len(joined) + 1 - n))
        return {gram: count / sum(counts.values()) for gram, count in counts.items()}
    p, q = shares(words), shares(others)
    return sum(share * math.log2(2 * share / (p.get(gram, 0) + q.get(gram, 0))) for part in (p, q) for gram, share in part.items()) / 2

# %% wrong: one sum only
# Only the first list's sum was taken. It doesn't see the runs that only the second list has, and the result changes when the lists are exchanged.
def ngram_divergence(words, others, n):
    def shares(part):
        counts = Counter(f"^{word}$"[i:i + n] for word in part for i in range(len(word) + 3 - n))
        return {gram: count / sum(counts.values()) for gram, count in counts.items()}
    p, q = shares(words), shares(others)
    return sum(share * math.log2(2 * share / (share + q.get(gram, 0))) for gram, share in p.items())

# %% wrong: every run once
# Each run counts once, however often it occurs. A rare run is then as important as a common one; count them all.
def ngram_divergence(words, others, n):
    sets = [{f"^{word}$"[i:i + n] for word in part for i in range(len(word) + 3 - n)} for part in (words, others)]
    p, q = ({gram: 1 / len(part) for gram in part} for part in sets)
    return sum(share * math.log2(2 * share / (p.get(gram, 0) + q.get(gram, 0))) for part in (p, q) for gram, share in part.items()) / 2

# %% wrong: zero times its logarithm
# The result is not a number: 0 times the logarithm of 0. The term of a run that a list doesn't have is 0, the limit of x log x; leave it out of the sum.
import numpy as np

def ngram_divergence(words, others, n):
    counts = [Counter(f"^{word}$"[i:i + n] for word in part for i in range(len(word) + 3 - n)) for part in (words, others)]
    grams = sorted(counts[0].keys() | counts[1].keys())
    p, q = (np.array([found[gram] for gram in grams]) / sum(found.values()) for found in counts)
    with np.errstate(all="ignore"): return float((p * np.log2(2 * p / (p + q)) + q * np.log2(2 * q / (p + q))).sum() / 2)
