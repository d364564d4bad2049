#!/usr/bin/env python3
"""Writes goldens.txt: what scipy and statsmodels say of fixed data. Run with the versions of requirements.txt beside it:

    python make_goldens.py > goldens.txt

One line each: name, then numbers. Data are drawn with numpy's PCG64 and written out, so that the test needs no generator."""

import numpy as np
import scipy.stats
from statsmodels.stats.multitest import multipletests

random = np.random.default_rng(20261124)
signed = np.random.default_rng(20261125)  # a stream of its own: the data of the others stay as they are


def line(name: str, *values: object) -> None:
    print(name, *(repr(float(value)) for value in np.ravel(np.concatenate([np.atleast_1d(v) for v in values]))))


# Mann-Whitney: P(U <= u), exact and by the normal distribution with continuity correction
for m, n in ((3, 5), (6, 6), (12, 9), (30, 30)):
    older, newer = random.normal(0, 1, m), random.normal(0.7, 1, n)
    test = scipy.stats.mannwhitneyu(newer, older, alternative="less", method="exact")
    line("rank_sum_exact", [m, n, test.statistic, test.pvalue])
for m, n in ((60, 70), (100, 100)):
    older, newer = random.normal(0, 1, m), random.normal(-0.2, 1, n)
    test = scipy.stats.mannwhitneyu(newer, older, alternative="less", method="asymptotic")
    line("rank_sum_normal", [m, n, test.statistic, test.pvalue])

# Hodges-Lehmann shift, and the interval that inverts the exact test: every shift that it does not reject at alpha
for m, n, alpha in ((8, 8, 0.05), (12, 15, 0.01), (20, 20, 0.001)):
    older, newer = random.normal(0, 1, m), random.normal(1, 2, n)
    differences = np.sort((newer[:, None] - older[None, :]).ravel())

    def kept(shift: float) -> bool:
        return scipy.stats.mannwhitneyu(newer - shift, older, method="exact").pvalue > alpha

    middles = np.concatenate([[differences[0] - 1], (differences[1:] + differences[:-1]) / 2, [differences[-1] + 1]])
    inside = [i for i, shift in enumerate(middles) if kept(shift)]
    line("shift", [m, n, alpha], older, newer, [np.median(differences), differences[inside[0] - 1], differences[inside[-1]]])

# Wilcoxon's signed ranks: P(W <= w), exact and by the normal distribution with continuity correction
for n in (5, 8, 20, 50):
    test = scipy.stats.wilcoxon(signed.normal(0.3, 1, n), alternative="less", method="exact")
    line("signed_rank_exact", [n, test.statistic, test.pvalue])
for n in (51, 200, 1000):
    test = scipy.stats.wilcoxon(signed.normal(-0.05, 1, n), alternative="less", method="asymptotic", correction=True)
    line("signed_rank_normal", [n, test.statistic, test.pvalue])

# Hodges-Lehmann centre, and the interval that inverts the test: every centre that it does not reject at alpha; and the two-sided p
# of lying beyond 0.2 on either side
for n, alpha, method in ((9, 0.05, "exact"), (25, 0.01, "exact"), (50, 0.001, "exact"), (60, 0.01, "asymptotic")):
    values = signed.normal(0.6, 1, n)
    means = np.sort(((values[:, None] + values[None, :]) / 2)[np.triu_indices(n)])

    def one_sided(centre: float, alternative: str) -> float:
        return scipy.stats.wilcoxon(values - centre, alternative=alternative, method=method, correction=True).pvalue

    middles = np.concatenate([[means[0] - 1], (means[1:] + means[:-1]) / 2, [means[-1] + 1]])
    inside = [i for i, centre in enumerate(middles) if min(one_sided(centre, side) for side in ("less", "greater")) > alpha / 2]
    beyond = min(1, 2 * min(one_sided(0.2, "greater"), one_sided(-0.2, "less")))
    line("centre", [n, alpha], values, [np.median(means), means[inside[0] - 1], means[inside[-1]], beyond])

# Holm: which claims stand
for count in (1, 4, 12):
    p = np.sort(random.uniform(0, 1, count)) ** 3
    random.shuffle(p)
    reject = multipletests(p, alpha=0.05, method="holm")[0]
    line("holm", [count], p, reject)

# Order statistics of a median, without interpolation, against the binomial distribution
for n in (6, 9, 17, 50):
    k = int(scipy.stats.binom.ppf(0.025, n, 0.5))
    line("median_rank", [n, k if scipy.stats.binom.cdf(k, n, 0.5) <= 0.025 else k - 1])

# Student's t: two-sided p of beyond, and the half-width
for df, difference, error, beyond, alpha in ((19, 0.1, 0.02, 0.04, 0.01), (19, -0.3, 0.08, 0.1, 0.05)):
    p = 2 * scipy.stats.t.sf((abs(difference) - beyond) / error, df)
    line("student", [df, difference, error, beyond, alpha, p, error * scipy.stats.t.isf(alpha / 2, df)])
