"""Linear algebra for a few dozen contenders, in plain lists: quicker to start than a library is to import."""

from __future__ import annotations

import math
from collections.abc import Mapping
from operator import mul

Square = list[list[float]]
"""The rows of a square matrix, or of its lower triangle."""


def dot(left: list[float], right: list[float]) -> float:
    """Return the sum of products as far as the shorter reaches."""
    total: float = sum(map(mul, left, right))
    return total


def laplacian(size: int, weights: Mapping[tuple[int, int], float]) -> Square:
    """Return the matrix of a graph whose edges have these weights: its rows add up to nothing."""
    matrix = [[0.0] * size for _ in range(size)]
    for (i, j), weight in weights.items():
        matrix[i][i] += weight
        matrix[j][j] += weight
        matrix[i][j] -= weight
        matrix[j][i] -= weight
    return matrix


def factored(matrix: Square) -> Square:
    """Return Cholesky's factor L of a symmetric positive definite matrix, each row up to its diagonal."""
    factor: Square = []
    for row in matrix:
        entries: list[float] = []
        for value, above in zip(row, factor, strict=False):
            entries.append((value - dot(entries, above)) / above[-1])
        entries.append(math.sqrt(row[len(factor)] - dot(entries, entries)))
        factor.append(entries)
    return factor


def solved(factor: Square, right: list[float]) -> list[float]:
    """Return x of L Lᵀ x = right."""
    found: list[float] = []
    for row, value in zip(factor, right, strict=True):
        found.append((value - dot(found, row)) / row[-1])
    for i in range(len(factor) - 1, -1, -1):
        row = factor[i]
        found[i] /= row[i]
        for j in range(i):
            found[j] -= row[j] * found[i]
    return found


def inverted(factor: Square) -> Square:
    """Return the inverse of L Lᵀ."""
    size = len(factor)
    columns: Square = []
    for j in range(size):
        # Column j of L⁻¹ from its diagonal down.
        column = [1 / factor[j][j]]
        for i in range(j + 1, size):
            column.append(-dot(column, factor[i][j:]) / factor[i][i])
        columns.append(column)
    result = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            result[i][j] = result[j][i] = dot(columns[i], columns[j][i - j :])
    return result


def between(covariance: Square, i: int, j: int) -> float:
    """Return the variance of the difference of two values."""
    return covariance[i][i] + covariance[j][j] - 2 * covariance[i][j]
