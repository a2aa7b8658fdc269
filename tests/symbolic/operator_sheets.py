"""Identities that belong to no operator of the catalogue, which states its own as laws; and false ones, of all kinds."""

from __future__ import annotations

from sympy import (
    Abs,
    Expr,
    Function,
    IndexedBase,
    KroneckerDelta,
    Max,
    S,
    Sum,
    Symbol,
    cosh,
    erf,
    exp,
    log,
    sign,
    sqrt,
    tanh,
)

from smoothsym.program.anchors import replace_entries
from smoothsym.symbolic.derivatives import partial, partial_parameter
from smoothsym.words import alpha, c, eps, i, j, k, m, n, p, x

Identity = tuple[Expr, Expr, str]

v, y = IndexedBase("v", real=True), IndexedBase("y", real=True)
q = IndexedBase("q", positive=True)
l = Symbol("l", integer=True)
lam = Symbol("lambda", positive=True)
mu = Symbol("mu", positive=True)
delta = KroneckerDelta(i, k)


def total(term: Expr, index: Symbol = j) -> Expr:
    return Sum(term, (index, 1, n))


def at(f: Expr, change) -> Expr:
    """f at changed entries."""
    return replace_entries(f, x, change)


def derivative(f: Expr, order: int = 1) -> Expr:
    """By the one entry of a function of x[1]."""
    return f if order == 0 else derivative(partial(f, x[1]), order - 1)


# ---- 0, 1.1: master identities and the Boltzmann operator ------------------------------------------------------------------

Z = total(exp(alpha * x[j]))
BOLTZMANN = total(x[j] * exp(alpha * x[j])) / Z
LSE = log(Z) / alpha
MELLOWMAX = log(Z / n) / alpha


def pi_(index) -> Expr:
    """Softmax."""
    return exp(alpha * x[index]) / Z


def gap(index) -> Expr:
    return x[index] - BOLTZMANN


H = -total(pi_(j) * log(pi_(j)))
THIRD = total(pi_(j) * gap(j) ** 3)


def slope(index) -> Expr:
    """Boltzmann's gradient."""
    return pi_(index) * (1 + alpha * gap(index))


TRUE: dict[str, Identity] = {}


def sheet(domain: str = "real", **identities: tuple) -> None:
    for name, (left, right) in identities.items():
        TRUE[name.replace("_", " ")] = (S(left), S(right), domain)


# ---- 1.2, 1.3, 1.10: LogSumExp, mellowmax, softmax -------------------------------------------------------------------------

LSE_HESSIAN = alpha * (delta * pi_(i) - pi_(i) * pi_(k))


# ---- 1.4: the p-norm -------------------------------------------------------------------------------------------------------

NORM = total(Abs(x[j]) ** p) ** (1 / p)


def share(index) -> Expr:
    return (Abs(x[index]) / NORM) ** p


def norm_slope(index) -> Expr:
    return sign(x[index]) * (Abs(x[index]) / NORM) ** (p - 1)


h = -total(share(j) * log(share(j)))
NORM_HESSIAN = (p - 1) / NORM * ((Abs(x[i]) / NORM) ** (p - 2) * delta - norm_slope(i) * norm_slope(k))


# ---- 1.5, 1.6: power and Lehmer means on the positive domain ----------------------------------------------------------------


def power_mean(exponent: Expr) -> Expr:
    return (total(x[j] ** exponent) / n) ** (1 / exponent)


def lehmer(exponent: Expr) -> Expr:
    return total(x[j] ** exponent) / total(x[j] ** (exponent - 1))


M, L = power_mean(p), lehmer(p)
A, B = total(x[j] ** p), total(x[j] ** (p - 1))


def mean_share(index) -> Expr:
    return (x[index] / M) ** p / n


def mean_slope(index) -> Expr:
    return (x[index] / M) ** (p - 1) / n


def lehmer_slope(index) -> Expr:
    return x[index] ** (p - 1) / B * (p - (p - 1) * L / x[index])


sheet(
    "positive",
    lehmer_integrand=(partial_parameter(log(A), p), at(BOLTZMANN.xreplace({alpha: p}), log)),
    lehmer_of_two_at_a_half_is_geometric=(
        (sqrt(x[1]) + sqrt(x[2])) / (1 / sqrt(x[1]) + 1 / sqrt(x[2])),
        sqrt(x[1] * x[2]),
    ),
)

# ---- 1.7, 1.8, 1.9: functions of one and of two entries ---------------------------------------------------------------------

t = x[1]
SOFTPLUS = log(1 + exp(alpha * t)) / alpha
ROOT = sqrt(t**2 + eps)
LOGCOSH = log(cosh(alpha * t)) / alpha


d = x[1] - x[2]
r = sqrt(d**2 + eps)
SMU = (x[1] + x[2] + r) / 2
SMU_ERF = (x[1] + x[2] + d * erf(mu * d)) / 2

sheet(
    gelu_is_smu_erf_of_t_and_0=(SMU_ERF.subs({x[2]: 0, mu: 1 / sqrt(2)}), t * (1 + erf(t / sqrt(2))) / 2),
)

# ---- 1.12: general classes --------------------------------------------------------------------------------------------------


class w2(Function):
    """The second derivative of any function."""

    nargs = 1
    is_real = True


class w1(Function):
    """Its first derivative."""

    nargs = 1
    is_real = True

    def fdiff(self, argindex: int = 1) -> Expr:
        return w2(self.args[0])


class w0(Function):
    """Any function."""

    nargs = 1
    is_real = True

    def fdiff(self, argindex: int = 1) -> Expr:
        return w1(self.args[0])


class inverse(Function):
    """The inverse of w0."""

    nargs = 1
    is_real = True

    def fdiff(self, argindex: int = 1) -> Expr:
        return 1 / w1(self)


WEIGHT = total(w0(x[j]))
BAJRAKTAREVIC = total(w0(x[j]) * x[j]) / WEIGHT
KOLMOGOROV = inverse(WEIGHT / n)


def bajraktarevic_slope(index) -> Expr:
    return (w0(x[index]) + w1(x[index]) * (x[index] - BAJRAKTAREVIC)) / WEIGHT


def kolmogorov_slope(index) -> Expr:
    return w1(x[index]) / (n * w1(KOLMOGOROV))


def bend(e: Expr) -> Expr:
    return w2(e) / w1(e)


sheet(
    Bajraktarevic_gradient=(partial(BAJRAKTAREVIC, x[i]), bajraktarevic_slope(i)),
    Bajraktarevic_hessian=(
        partial(bajraktarevic_slope(i), x[k]),
        (
            delta * (2 * w1(x[i]) + w2(x[i]) * (x[i] - BAJRAKTAREVIC))
            - w1(x[i]) * bajraktarevic_slope(k)
            - bajraktarevic_slope(i) * w1(x[k])
        )
        / WEIGHT,
    ),
    Kolmogorov_gradient=(partial(KOLMOGOROV, x[i]), kolmogorov_slope(i)),
    Kolmogorov_hessian=(
        partial(kolmogorov_slope(i), x[k]),
        delta * kolmogorov_slope(i) * bend(x[i]) - bend(KOLMOGOROV) * kolmogorov_slope(i) * kolmogorov_slope(k),
    ),
)

# ---- sums of sums -----------------------------------------------------------------------------------------------------------

sheet(
    a_double_sum_over_one_index=(Sum(x[j], (j, 1, n), (j, 1, n)), n * total(x[j])),
    an_index_bound_twice=(Sum(x[j] * Sum(v[j], (j, 1, n)), (j, 1, n)), total(x[j]) * total(v[j])),
    nested_and_joint=(
        Sum(x[i] * Sum(v[k] * Abs(x[i] - x[k]), (k, 1, n)), (i, 1, n)),
        Sum(v[i] * x[k] * Abs(x[k] - x[i]), (k, 1, n), (i, 1, n)),
    ),
    a_power_of_an_inner_sum=(
        Sum(Sum(exp(x[i] * v[k]), (k, 1, n)) ** 2, (i, 1, n)),
        Sum(exp(x[i] * (v[k] + v[l])), (i, 1, n), (k, 1, n), (l, 1, n)),
    ),
    an_antisymmetric_double_sum=(Sum(sign(x[i] - x[k]) * Abs(x[i] - x[k]) ** p, (i, 1, n), (k, 1, n)), 0),
    Gini_mean_difference_Euler=(
        Sum(x[i] * sign(x[i] - x[k]) * Abs(x[i] - x[k]) ** (p - 1), (i, 1, n), (k, 1, n)) * 2,
        Sum(Abs(x[i] - x[k]) ** p, (i, 1, n), (k, 1, n)),
    ),
    logistic_terms=(total(tanh(x[j])), n - 2 * total(1 / (exp(2 * x[j]) + 1))),
    rational_terms=(total((x[j] ** 2 - 1) / (x[j] ** 2 + x[j])), n - total(1 / x[j])),
    an_index_of_another_range=(Sum(x[i] * Sum(KroneckerDelta(i, k), (k, 1, m)), (i, 1, m)), Sum(x[i], (i, 1, m))),
    a_sum_between_numbers=(Sum(x[j] * KroneckerDelta(j, 2), (j, 1, 3)), x[2]),
    a_triangular_sum=(Sum(x[k], (k, 1, j), (j, 1, n)), Sum(x[l], (l, 1, i), (i, 1, n))),
)

# ---- what is false ----------------------------------------------------------------------------------------------------------

s1, s2 = (Symbol(name, integer=True) for name in ("s1", "s2"))
N2 = total(x[j] ** 2 * exp(alpha * x[j]))

FALSE: dict[str, Identity] = {}


def slip(domain: str = "real", **identities: tuple) -> None:
    for name, (left, right) in identities.items():
        FALSE[name.replace("_", " ")] = (S(left), S(right), domain)


slip(
    translation_with_the_wrong_sign=(at(BOLTZMANN, lambda e: e + c), BOLTZMANN - c),
    LSE_translation_by_a_multiple=(at(LSE, lambda e: e + c), LSE + alpha * c),
    norm_translation=(at(NORM, lambda e: e + c), NORM + c),
    gradient_sums_to_2=(total(slope(j)), 2),
    gradient_with_a_term_missing=(partial(BOLTZMANN, x[i]), pi_(i)),
    gradient_with_a_sign_flipped=(partial(BOLTZMANN, x[i]), pi_(i) * (1 - alpha * gap(i))),
    gradient_without_the_centre=(partial(BOLTZMANN, x[i]), pi_(i) * (1 + alpha * x[i])),
    gradient_with_another_index=(partial(BOLTZMANN, x[i]), slope(k)),
    hessian_by_half=(partial(pi_(i), x[k]), LSE_HESSIAN / 2),
    hessian_without_the_diagonal=(partial(pi_(i), x[k]), -alpha * pi_(i) * pi_(k)),
    hessian_with_a_sum_for_the_diagonal=(partial(pi_(i), x[k]), alpha * (1 - pi_(k)) * pi_(i)),
    variance_without_the_square=(partial_parameter(BOLTZMANN, alpha), N2 / Z),
    variance_with_the_wrong_mean=(partial_parameter(BOLTZMANN, alpha), N2 / Z - (total(x[j]) / n) ** 2),
    third_cumulant_for_the_second=(partial_parameter(BOLTZMANN, alpha), THIRD),
    fourth_moment_for_the_cumulant=(partial_parameter(BOLTZMANN, alpha, 3), total(pi_(j) * gap(j) ** 4)),
    free_energy_with_the_wrong_sign=(LSE, BOLTZMANN - H / alpha),
    entropy_over_alpha_once=(partial_parameter(LSE, alpha), -H / alpha),
    LSE_without_alpha=(LSE, log(total(exp(x[j])))),
    mellowmax_is_LSE=(MELLOWMAX, LSE),
    homogeneity_without_the_parameter=(at(BOLTZMANN, lambda e: lam * e), lam * BOLTZMANN),
    odd_duality_without_the_sign=(at(LSE, lambda e: -e).xreplace({alpha: -alpha}), LSE),
    nesting_of_Boltzmann=(
        (BOLTZMANN * exp(alpha * BOLTZMANN) + y[1] * exp(alpha * y[1])) / (exp(alpha * BOLTZMANN) + exp(alpha * y[1])),
        (total(x[j] * exp(alpha * x[j])) + y[1] * exp(alpha * y[1])) / (Z + exp(alpha * y[1])),
    ),
    double_sum_halved_twice=(
        Sum(LSE_HESSIAN * v[i] * v[k], (i, 1, n), (k, 1, n)),
        alpha / 4 * Sum(pi_(i) * pi_(k) * (v[i] - v[k]) ** 2, (i, 1, n), (k, 1, n)),
    ),
    Fenchel_Young_without_the_multiplier=(
        LSE - total(q[j] * x[j]) + total(q[j] * log(q[j])) / alpha,
        total(q[j] * log(q[j] / pi_(j))) / alpha,
    ),
    Euler_with_p=(total(x[j] * norm_slope(j)), p * NORM),
    norm_hessian_with_p=(partial(norm_slope(i), x[k]), NORM_HESSIAN * p / (p - 1)),
    norm_gradient_without_the_sign=(partial(NORM, x[i]), Abs(norm_slope(i))),
    norm_gradient_with_the_wrong_exponent=(partial(NORM, x[i]), sign(x[i]) * (Abs(x[i]) / NORM) ** p),
    norm_by_p_without_a_square=(partial_parameter(NORM, p), -NORM * h / p),
    norm_is_homogeneous_without_the_modulus=(at(NORM, lambda e: c * e), c * NORM),
    norm_of_the_entries_themselves=(NORM, total(x[j] ** p) ** (1 / p)),
    a_captured_index=(Sum(Abs(x[i] - x[k]), (i, 1, n), (k, 1, n)), 0),
    a_captured_index_of_a_canonical_name=(total(Abs(x[j] - x[s1])), 0),
    canonical_names_exchanged=(Sum(Abs(x[s1] - v[s2]), (s1, 1, n)), Sum(Abs(x[s2] - v[s1]), (s2, 1, n))),
    a_free_index_for_a_bound_one=(total(x[i] * v[j]), total(x[j] * v[j])),
    a_product_of_sums=(Z * total(x[j] * exp(alpha * x[j])), total(x[j] * exp(2 * alpha * x[j]))),
    a_square_of_a_sum=(total(x[j]) ** 2, total(x[j] ** 2)),
    an_index_bound_twice_as_once=(Sum(x[j] * Sum(v[j], (j, 1, n)), (j, 1, n)), n * total(x[j] * v[j])),
    the_order_of_a_triangular_sum=(Sum(x[k] * v[j], (k, 1, j), (j, 1, n)), Sum(x[j] * v[k], (k, 1, j), (j, 1, n))),
    sums_of_other_limits=(Sum(x[j], (j, 2, n)), total(x[j])),
    a_delta_out_of_range=(Sum(KroneckerDelta(i, k), (k, 1, m), (i, 1, 2 * m)), 2 * m),
    a_delta_at_an_entry_that_may_not_exist=(total(KroneckerDelta(j, 2)), 1),
    one_over_a_delta=(1 / (1 + delta), 1 + delta),
    a_squared_sign_on_the_diagonal=(Sum(sign(x[i] - x[k]) ** 2, (i, 1, n), (k, 1, n)), n**2),
    a_squared_sign_that_vanishes_for_n_1=(Sum(sign(x[i] - total(x[j]) / n) ** 2, (i, 1, n)), n),
    log_of_a_square=(log(x[1] ** 2), 2 * log(x[1])),
    log_of_a_product=(log(x[1] * x[2]), log(x[1]) + log(x[2])),
    log_of_a_quotient=(log(x[1] / x[2]), log(x[1]) - log(x[2])),
    a_root_of_a_square=(sqrt(x[1] ** 2 * c**2), x[1] * c),
    a_power_of_a_product=((x[1] * x[2]) ** p, x[1] ** p * x[2] ** p),
    a_power_of_a_power=((x[1] ** 2) ** (p / 2), x[1] ** p),
    a_root_of_a_power=((c**p) ** (1 / p), c),
    exp_log_of_a_square=(exp(p * log(c**2)), c ** (2 * p)),
    a_modulus_dropped=(total(Abs(x[j])), total(x[j])),
    a_modulus_of_a_sum=(Abs(total(x[j])), total(Abs(x[j]))),
    the_maximum_is_an_entry=(Max(x[1], x[2]), x[1]),
    softplus_reflected_wrongly=(SOFTPLUS + at(SOFTPLUS, lambda e: -e), t),
    softplus_stable_with_the_wrong_sign=(Max(t, 0) + log(1 + exp(alpha * Abs(t))) / alpha, SOFTPLUS),
    logcosh_is_a_modulus=(LOGCOSH, Abs(t) + log(1 + exp(-alpha * Abs(t))) / alpha),
    cosh_for_sinh=(derivative(LOGCOSH), 1 / tanh(alpha * t)),
    smoothabs_second_derivative_with_the_wrong_power=(derivative(ROOT, 2), eps / ROOT**2),
    smu_gap_without_the_half=(SMU - Max(x[1], x[2]), eps / (r + Abs(d))),
    smu_with_the_other_root=(SMU * (x[1] + x[2] - r) / 2, x[1] * x[2] + eps / 4),
    logistic_terms_with_a_term_missing=(total(tanh(x[j])), -2 * total(1 / (exp(2 * x[j]) + 1))),
    Gini_mean_difference_Euler_doubled=(
        Sum(x[i] * sign(x[i] - x[k]) * Abs(x[i] - x[k]) ** (p - 1), (i, 1, n), (k, 1, n)),
        Sum(Abs(x[i] - x[k]) ** p, (i, 1, n), (k, 1, n)),
    ),
)
slip(
    "positive",
    lehmer_Euler_with_p=(total(x[j] * lehmer_slope(j)), p * L),
    lehmer_slope_with_the_wrong_exponent=(partial(L, x[i]), x[i] ** p / B * (p - (p - 1) * L / x[i])),
    lehmer_is_a_quotient_of_norms=(L, M**p / power_mean(p - 1) ** p),
    lehmer_dual_without_the_shift=(at(L, lambda e: 1 / e), 1 / lehmer(-p)),
    power_mean_gradient_sums_to_1=(total(mean_slope(j)), 1),
    power_mean_by_p_without_n=(partial_parameter(M, p), M * total(mean_share(j) * log(mean_share(j))) / p**2),
    power_mean_is_exp_LSE_of_log=(M, exp(at(LSE.xreplace({alpha: p}), log))),
    power_mean_is_a_norm=(M, NORM),
)

assert not set(TRUE) & set(FALSE)
