"""Prints the coverage table of harness/quality/README.md: what the intervals of fid and fid_difference hold.

    OMP_NUM_THREADS=1 python fid_coverage.py          # numpy; 6 minutes

A cell is a reference Gaussian in D dimensions and N samples of another one (mean moved by `shift`, deviations times
`scale`), drawn anew in each repetition. The method adds noise to the same samples. An independent form of
jackknife.cpp.
"""

import numpy as np

GROUPS = 20
T_975 = 2.0930240544  # Student's t with 19 degrees of freedom
MASK = (1 << 64) - 1


def group_of(sample):
    bits = (sample // GROUPS + 0x9E3779B97F4A7C15) & MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & MASK
    return (sample + (bits ^ (bits >> 31)) % GROUPS) % GROUPS


class Reference:
    """of mean 0"""

    def __init__(self, covariance):
        self.covariance = covariance
        values, vectors = np.linalg.eigh(covariance)
        self.root = (vectors * np.sqrt(values.clip(0))).T

    @classmethod
    def random(cls, random, width):
        mix = random.normal(size=(width, width)) / np.sqrt(width)
        return cls(mix.T @ mix + 0.1 * np.eye(width))

    def draw(self, random, count):
        return random.normal(size=(count, len(self.root))) @ self.root

    def distances(self, counts, sums, outers):
        means = sums / counts[:, None]
        covariances = (outers - np.einsum("gi,gj->gij", means, sums)) / (counts - 1)[:, None, None]
        products = self.root @ covariances @ self.root.T
        values = np.linalg.eigvalsh((products + products.transpose(0, 2, 1)) / 2).clip(0)
        traces = np.trace(covariances, axis1=1, axis2=2) + np.trace(self.covariance)
        return (means**2).sum(1) + traces - 2 * np.sqrt(values).sum(1)

    def limit(self, shift, scale):
        """of infinitely many samples"""
        return len(self.root) * shift**2 + (1 - scale) ** 2 * np.trace(self.covariance)

    def replicates(self, rows):
        """FID of all rows, then without each group; the groups' sizes"""
        number = np.array([group_of(i) for i in range(len(rows))])
        parts = [rows[number == g] for g in range(GROUPS)]
        counts = np.array([len(part) for part in parts])
        sums = np.array([part.sum(0) for part in parts])
        outers = np.array([part.T @ part for part in parts])
        without = lambda values: np.concatenate([values.sum(0)[None], values.sum(0) - values])
        return self.distances(without(counts), without(sums), without(outers)), counts


def standard_error(replicates, counts):
    value, left_out = replicates[0], replicates[1:]
    h = counts.sum() / counts
    corrected = GROUPS * value - ((1 - 1 / h) * left_out).sum()
    return np.sqrt(((h * value - (h - 1) * left_out - corrected) ** 2 / (h - 1)).mean())


def coverage(values, errors, truth):
    return np.mean(np.abs(np.array(values) - truth) <= T_975 * np.array(errors))


def main():
    random = np.random.default_rng(1)
    print("| D | N | FID in the limit | mean FID at N | fid covers its mean at N | and its limit | "
          "fid_difference covers its mean at N | and its limit |\n|---|---|---|---|---|---|---|---|")  # fmt: skip
    noise = 0.1
    for width, count in ((4, 40), (4, 203), (8, 400), (8, 2048), (32, 60), (32, 513), (64, 2048)):
        for shift, scale in ((0.0, 1.0), (0.15, 1.1), (0.5, 1.3)):
            reference = Reference.random(random, width)
            fids, errors, gaps, gap_errors = [], [], [], []
            for _ in range(400):
                rows = scale * reference.draw(random, count) + shift
                method = rows + noise * reference.draw(random, count) + noise / 2
                full, sizes = reference.replicates(rows)
                ours, _ = reference.replicates(method)
                fids.append(full[0])
                errors.append(standard_error(full, sizes))
                gaps.append(ours[0] - full[0])
                gap_errors.append(standard_error(ours - full, sizes))
            limit = reference.limit(shift, scale)
            gap_limit = reference.limit(shift + noise / 2, np.hypot(scale, noise)) - limit
            print(f"| {width} | {count} | {limit:.3g} | {np.mean(fids):.3g} "
                  f"| {coverage(fids, errors, np.mean(fids)):.3f} | {coverage(fids, errors, limit):.3f} "
                  f"| {coverage(gaps, gap_errors, np.mean(gaps)):.3f} | {coverage(gaps, gap_errors, gap_limit):.3f} |",
                  flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
