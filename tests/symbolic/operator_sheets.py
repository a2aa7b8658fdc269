"""The identities of the operator sheets, each a left and a right side and a domain: every one is true for every n."""

from __future__ import annotations

from sympy import (
    Abs,
    Expr,
    Function,
    IndexedBase,
    Integer,
    KroneckerDelta,
    Max,
    S,
    Sum,
    Symbol,
    cosh,
    erf,
    exp,
    log,
    pi,
    sign,
    sinh,
    sqrt,
    tanh,
)

from smoothsym.program.stabilise import replace_entries
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


def mean_of(weight: Expr, term: Expr) -> Expr:
    """The mean of a term under weights that need not sum to 1."""
    return total(weight * term) / total(weight)


def variance(weight: Expr, term: Expr) -> Expr:
    return mean_of(weight, term**2) - mean_of(weight, term) ** 2


def derivative(f: Expr, order: int = 1) -> Expr:
    """By the one entry of a function of x[1]."""
    return f if order == 0 else derivative(partial(f, x[1]), order - 1)


# ---- 0, 1.1: master identities and the Boltzmann operator ------------------------------------------------------------------

Z = total(exp(alpha * x[j]))
BOLTZMANN = total(x[j] * exp(alpha * x[j])) / Z
LSE = log(Z) / alpha
MELLOWMAX = log(Z / n) / alpha
K = log(Z / n)


def pi_(index) -> Expr:
    """Softmax."""
    return exp(alpha * x[index]) / Z


def gap(index) -> Expr:
    return x[index] - BOLTZMANN


H = -total(pi_(j) * log(pi_(j)))
V = total(pi_(j) * gap(j) ** 2)
THIRD = total(pi_(j) * gap(j) ** 3)
FOURTH = total(pi_(j) * gap(j) ** 4) - 3 * V**2


def slope(index) -> Expr:
    """Boltzmann's gradient."""
    return pi_(index) * (1 + alpha * gap(index))


BOLTZMANN_HESSIAN = alpha * (delta * pi_(i) * (2 + alpha * gap(i)) - slope(i) * pi_(k) - pi_(i) * slope(k))

TRUE: dict[str, Identity] = {}


def sheet(domain: str = "real", **identities: tuple) -> None:
    for name, (left, right) in identities.items():
        TRUE[name.replace("_", " ")] = (S(left), S(right), domain)


sheet(
    K_has_the_derivative_S=(partial_parameter(K, alpha), BOLTZMANN),
    K_has_the_second_derivative_V=(partial_parameter(K, alpha, 2), V),
    K_has_the_third_cumulant=(partial_parameter(K, alpha, 3), THIRD),
    K_has_the_fourth_cumulant=(partial_parameter(K, alpha, 4), FOURTH),
    K_has_the_gradient_alpha_pi=(partial(K, x[i]), alpha * pi_(i)),
    mellowmax_is_K_over_alpha=(MELLOWMAX, K / alpha),
    LSE_is_K_plus_log_n_over_alpha=(LSE, (K + log(n)) / alpha),
    S_is_the_derivative_of_alpha_LSE=(partial_parameter(alpha * LSE, alpha), BOLTZMANN),
    gap_is_log_weight_plus_entropy=(alpha * gap(i), log(pi_(i)) + H),
    free_energy=(LSE, BOLTZMANN + H / alpha),
    S_less_mellowmax_is_a_divergence=(BOLTZMANN - MELLOWMAX, total(pi_(j) * log(n * pi_(j))) / alpha),
    Boltzmann_gradient=(partial(BOLTZMANN, x[i]), slope(i)),
    Boltzmann_gradient_in_softmax_only=(slope(i), pi_(i) * (1 + log(pi_(i)) + H)),
    Boltzmann_gradient_sums_to_1=(total(slope(j)), 1),
    Boltzmann_hessian=(partial(partial(BOLTZMANN, x[i]), x[k]), BOLTZMANN_HESSIAN),
    Boltzmann_hessian_is_symmetric=(BOLTZMANN_HESSIAN, BOLTZMANN_HESSIAN.xreplace({i: k, k: i})),
    Boltzmann_hessian_has_the_kernel_1=(total(BOLTZMANN_HESSIAN, k), 0),
    Boltzmann_hvp=(
        total(BOLTZMANN_HESSIAN * v[k], k),
        alpha
        * (pi_(i) * (2 + alpha * gap(i)) * v[i] - slope(i) * total(pi_(j) * v[j]) - pi_(i) * total(slope(j) * v[j])),
    ),
    Boltzmann_vHv=(
        Sum(BOLTZMANN_HESSIAN * v[i] * v[k], (i, 1, n), (k, 1, n)),
        alpha * (total((pi_(j) + slope(j)) * v[j] ** 2) - 2 * total(slope(j) * v[j]) * total(pi_(j) * v[j])),
    ),
    Boltzmann_by_alpha=(partial_parameter(BOLTZMANN, alpha), V),
    Boltzmann_by_alpha_twice=(partial_parameter(BOLTZMANN, alpha, 2), THIRD),
    Boltzmann_by_alpha_thrice=(partial_parameter(BOLTZMANN, alpha, 3), FOURTH),
    Boltzmann_gradient_by_alpha=(
        partial_parameter(slope(i), alpha),
        pi_(i) * (gap(i) * (2 + alpha * gap(i)) - alpha * V),
    ),
    Boltzmann_translation=(at(BOLTZMANN, lambda e: e + c), BOLTZMANN + c),
    Boltzmann_joint_homogeneity=(
        at(BOLTZMANN, lambda e: lam * e).xreplace({alpha: alpha / lam}),
        lam * BOLTZMANN,
    ),
    Boltzmann_odd_duality=(at(BOLTZMANN, lambda e: -e).xreplace({alpha: -alpha}), -BOLTZMANN),
    Boltzmann_of_a_constant=(at(BOLTZMANN, lambda e: c), c),
    Boltzmann_of_two=(
        (x[1] * exp(alpha * x[1]) + x[2] * exp(alpha * x[2])) / (exp(alpha * x[1]) + exp(alpha * x[2])),
        (x[1] + x[2]) / 2 + (x[1] - x[2]) / 2 * tanh(alpha * (x[1] - x[2]) / 2),
    ),
    swish_is_S_of_0_and_t=(
        (x[1] * exp(alpha * x[1]) + x[2] * exp(alpha * x[2])).subs(x[2], 0) / (exp(alpha * x[1]) + 1),
        x[1] / (1 + exp(-alpha * x[1])),
    ),
)

# ---- 1.2, 1.3, 1.10: LogSumExp, mellowmax, softmax -------------------------------------------------------------------------

LSE_HESSIAN = alpha * (delta * pi_(i) - pi_(i) * pi_(k))
BELOW = total(pi_(j) * log(n * pi_(j)))
"""The divergence of softmax from the uniform weights."""
LSE_Y = log(Sum(exp(alpha * y[j]), (j, 1, m))) / alpha
MEAN_V = total(pi_(j) * v[j])

sheet(
    LSE_gradient_is_softmax=(partial(LSE, x[i]), pi_(i)),
    softmax_sums_to_1=(total(pi_(j)), 1),
    LSE_hessian=(partial(pi_(i), x[k]), LSE_HESSIAN),
    LSE_hessian_has_the_kernel_1=(total(LSE_HESSIAN, k), 0),
    LSE_hvp=(total(LSE_HESSIAN * v[k], k), alpha * pi_(i) * (v[i] - MEAN_V)),
    LSE_vHv_as_a_double_sum=(
        Sum(LSE_HESSIAN * v[i] * v[k], (i, 1, n), (k, 1, n)),
        alpha / 2 * Sum(pi_(i) * pi_(k) * (v[i] - v[k]) ** 2, (i, 1, n), (k, 1, n)),
    ),
    LSE_vHv_as_a_variance=(
        Sum(LSE_HESSIAN * v[i] * v[k], (i, 1, n), (k, 1, n)),
        alpha * total(pi_(j) * (v[j] - MEAN_V) ** 2),
    ),
    LSE_third_derivative_is_a_third_cumulant=(
        Sum(partial(LSE_HESSIAN, x[l]) * v[i] * v[k] * v[l], (i, 1, n), (k, 1, n), (l, 1, n)),
        alpha**2 * total(pi_(j) * (v[j] - MEAN_V) ** 3),
    ),
    LSE_by_alpha=(partial_parameter(LSE, alpha), -H / alpha**2),
    LSE_by_alpha_in_values=(partial_parameter(LSE, alpha), (BOLTZMANN - LSE) / alpha),
    LSE_by_alpha_twice=(partial_parameter(LSE, alpha, 2), V / alpha + 2 * H / alpha**3),
    softmax_by_alpha=(partial_parameter(pi_(i), alpha), pi_(i) * gap(i)),
    softmax_by_alpha_twice=(partial_parameter(pi_(i), alpha, 2), pi_(i) * (gap(i) ** 2 - V)),
    softmax_is_shift_invariant=(at(pi_(i), lambda e: e + c), pi_(i)),
    LSE_translation=(at(LSE, lambda e: e + c), LSE + c),
    LSE_joint_homogeneity=(at(LSE, lambda e: lam * e).xreplace({alpha: alpha / lam}), lam * LSE),
    LSE_odd_duality=(at(LSE, lambda e: -e).xreplace({alpha: -alpha}), -LSE),
    LSE_nesting_over_two_blocks=(
        log(exp(alpha * LSE) + exp(alpha * LSE_Y)) / alpha,
        log(Z + Sum(exp(alpha * y[j]), (j, 1, m))) / alpha,
    ),
    LSE_of_equal_entries=(at(LSE, lambda e: c), c + log(n) / alpha),
    LSE_in_log_space_is_a_sum=(at(LSE, log).xreplace({alpha: S.One}), log(total(x[j]))),
    LSE_of_two=(
        log(exp(alpha * x[1]) + exp(alpha * x[2])) / alpha,
        (x[1] + x[2]) / 2 + log(2 * cosh(alpha * (x[1] - x[2]) / 2)) / alpha,
    ),
    LSE_with_a_zero=(
        partial(log(1 + total(exp(x[j]))), x[i]),
        exp(x[i]) / (1 + total(exp(x[j]))),
    ),
    Fenchel_Young_gap_with_a_multiplier_for_the_simplex=(
        LSE - total(q[j] * x[j]) + total(q[j] * log(q[j])) / alpha - (1 - total(q[j])) * LSE,
        total(q[j] * log(q[j] / pi_(j))) / alpha,
    ),
    entropic_value_at_softmax=(total(pi_(j) * x[j]) + H / alpha, LSE),
    normalised_LSE_gradient_sum=(
        total(partial(log(total(exp(x[j])) - (n - 1)), x[i]), i),
        1 + (n - 1) / (total(exp(x[j])) - n + 1),
    ),
    mellowmax_gradient=(partial(MELLOWMAX, x[i]), pi_(i)),
    mellowmax_by_alpha=(partial_parameter(MELLOWMAX, alpha), BELOW / alpha**2),
    mellowmax_by_alpha_in_values=(partial_parameter(MELLOWMAX, alpha), (BOLTZMANN - MELLOWMAX) / alpha),
    mellowmax_by_alpha_twice=(partial_parameter(MELLOWMAX, alpha, 2), V / alpha - 2 * BELOW / alpha**3),
    mellowmax_translation=(at(MELLOWMAX, lambda e: e + c), MELLOWMAX + c),
    mellowmax_odd_duality=(at(MELLOWMAX, lambda e: -e).xreplace({alpha: -alpha}), -MELLOWMAX),
    mellowmax_of_two=(
        log((exp(alpha * x[1]) + exp(alpha * x[2])) / 2) / alpha,
        (x[1] + x[2]) / 2 + log(cosh(alpha * (x[1] - x[2]) / 2)) / alpha,
    ),
)

# ---- 1.4: the p-norm -------------------------------------------------------------------------------------------------------

NORM = total(Abs(x[j]) ** p) ** (1 / p)


def share(index) -> Expr:
    return (Abs(x[index]) / NORM) ** p


def norm_slope(index) -> Expr:
    return sign(x[index]) * (Abs(x[index]) / NORM) ** (p - 1)


h = -total(share(j) * log(share(j)))
V_LOG = total(share(j) * log(Abs(x[j])) ** 2) - total(share(j) * log(Abs(x[j]))) ** 2
NORM_HESSIAN = (p - 1) / NORM * ((Abs(x[i]) / NORM) ** (p - 2) * delta - norm_slope(i) * norm_slope(k))

sheet(
    norm_gradient=(partial(NORM, x[i]), norm_slope(i)),
    norm_Euler=(total(x[j] * norm_slope(j)), NORM),
    norm_gradient_has_dual_norm_1=(total(Abs(norm_slope(j)) ** (p / (p - 1))) ** ((p - 1) / p), 1),
    norm_hessian=(partial(norm_slope(i), x[k]), NORM_HESSIAN),
    norm_hessian_kills_x=(total(NORM_HESSIAN * x[k], k), 0),
    norm_hvp=(
        total(NORM_HESSIAN * v[k], k),
        (p - 1) / NORM * ((Abs(x[i]) / NORM) ** (p - 2) * v[i] - norm_slope(i) * total(norm_slope(j) * v[j])),
    ),
    norm_by_p=(partial_parameter(NORM, p), -NORM * h / p**2),
    norm_by_p_twice=(partial_parameter(NORM, p, 2), NORM * (V_LOG / p + 2 * h / p**3 + h**2 / p**4)),
    norm_gradient_by_p=(
        partial_parameter(norm_slope(i), p),
        norm_slope(i) * (log(Abs(x[i]) / NORM) + (p - 1) * h / p**2),
    ),
    norm_is_exp_LSE_of_log=(NORM, exp(at(LSE.xreplace({alpha: p}), lambda e: log(Abs(e))))),
    norm_is_homogeneous=(at(NORM, lambda e: c * e), Abs(c) * NORM),
    norm_is_even=(at(NORM, lambda e: -e), NORM),
    norm_of_equal_entries=(at(NORM, lambda e: c), Abs(c) * n ** (1 / p)),
    norm_nesting=(
        (NORM**p + (Sum(Abs(y[j]) ** p, (j, 1, m)) ** (1 / p)) ** p) ** (1 / p),
        (total(Abs(x[j]) ** p) + Sum(Abs(y[j]) ** p, (j, 1, m))) ** (1 / p),
    ),
    LSE_is_log_norm_of_exp=(LSE, log(at(NORM.xreplace({p: alpha}), exp))),
)

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


DIVERGENCE = total(mean_share(j) * log(n * mean_share(j)))
V_MEAN = total(mean_share(j) * log(x[j]) ** 2) - total(mean_share(j) * log(x[j])) ** 2


def curved(index) -> Expr:
    return (p - 1) * x[index] ** (p - 2)


sheet(
    "positive",
    power_mean_gradient=(partial(M, x[i]), mean_slope(i)),
    power_mean_Euler=(total(x[j] * mean_slope(j)), M),
    power_mean_hessian=(
        partial(mean_slope(i), x[k]),
        (p - 1) / M * (delta * (x[i] / M) ** (p - 2) / n - mean_slope(i) * mean_slope(k)),
    ),
    power_mean_by_p=(partial_parameter(M, p), M * DIVERGENCE / p**2),
    log_power_mean_by_p_twice=(partial_parameter(log(M), p, 2), V_MEAN / p - 2 * DIVERGENCE / p**3),
    power_mean_gradient_sum=(total(mean_slope(j)), (power_mean(p - 1) / M) ** (p - 1)),
    power_mean_is_exp_mellowmax_of_log=(M, exp(at(MELLOWMAX.xreplace({alpha: p}), log))),
    power_mean_minimum_dual=(power_mean(-p), 1 / at(M, lambda e: 1 / e)),
    power_mean_is_homogeneous=(at(M, lambda e: lam * e), lam * M),
    lehmer_gradient=(partial(L, x[i]), lehmer_slope(i)),
    lehmer_Euler=(total(x[j] * lehmer_slope(j)), L),
    lehmer_hessian=(
        partial(lehmer_slope(i), x[k]),
        (
            delta * (p * curved(i) - L * curved(i) * (p - 2) / x[i])
            - curved(i) * lehmer_slope(k)
            - lehmer_slope(i) * curved(k)
        )
        / B,
    ),
    log_lehmer_by_p=(partial_parameter(log(L), p), mean_of(x[j] ** p, log(x[j])) - mean_of(x[j] ** (p - 1), log(x[j]))),
    log_lehmer_by_p_twice=(
        partial_parameter(log(L), p, 2),
        variance(x[j] ** p, log(x[j])) - variance(x[j] ** (p - 1), log(x[j])),
    ),
    lehmer_by_p_twice=(
        partial_parameter(L, p, 2),
        L * (partial_parameter(log(L), p, 2) + partial_parameter(log(L), p) ** 2),
    ),
    lehmer_is_a_quotient_of_power_means=(L, M**p / power_mean(p - 1) ** (p - 1)),
    lehmer_dual=(at(L, lambda e: 1 / e), 1 / lehmer(1 - p)),
    lehmer_is_homogeneous=(at(L, lambda e: lam * e), lam * L),
    lehmer_integrand=(partial_parameter(log(A), p), at(BOLTZMANN.xreplace({alpha: p}), log)),
    lehmer_at_0_is_harmonic=(lehmer(Integer(0)), n / total(1 / x[j])),
    lehmer_at_1_is_the_mean=(lehmer(Integer(1)), total(x[j]) / n),
    lehmer_of_two=(
        (x[1] ** p + x[2] ** p) / (x[1] ** (p - 1) + x[2] ** (p - 1)),
        (x[1] + x[2]) / 2 + (x[1] - x[2]) / 2 * tanh((p - 1) / 2 * log(x[1] / x[2])),
    ),
    lehmer_of_two_at_a_half_is_geometric=(
        (sqrt(x[1]) + sqrt(x[2])) / (1 / sqrt(x[1]) + 1 / sqrt(x[2])),
        sqrt(x[1] * x[2]),
    ),
    LSE_by_powers=(at(LSE, log), log(total(x[j] ** alpha)) / alpha),
)
sheet(mellowmax_is_log_power_mean_of_exp=(MELLOWMAX, log(at(power_mean(alpha), exp))))

# ---- 1.7, 1.8, 1.9: functions of one and of two entries ---------------------------------------------------------------------

t = x[1]
SOFTPLUS = log(1 + exp(alpha * t)) / alpha
SIGMA = 1 / (1 + exp(-alpha * t))
BINARY_ENTROPY = -SIGMA * log(SIGMA) - (1 - SIGMA) * log(1 - SIGMA)
ROOT = sqrt(t**2 + eps)
LOGCOSH = log(cosh(alpha * t)) / alpha

sheet(
    softplus_slope=(derivative(SOFTPLUS), SIGMA),
    softplus_second_derivative=(derivative(SOFTPLUS, 2), alpha * SIGMA * (1 - SIGMA)),
    softplus_third_derivative=(derivative(SOFTPLUS, 3), alpha**2 * SIGMA * (1 - SIGMA) * (1 - 2 * SIGMA)),
    softplus_by_alpha=(partial_parameter(SOFTPLUS, alpha), -BINARY_ENTROPY / alpha**2),
    softplus_by_alpha_in_values=(partial_parameter(SOFTPLUS, alpha), (t * SIGMA - SOFTPLUS) / alpha),
    softplus_by_alpha_twice=(
        partial_parameter(SOFTPLUS, alpha, 2),
        t**2 * SIGMA * (1 - SIGMA) / alpha + 2 * BINARY_ENTROPY / alpha**3,
    ),
    softplus_reflected=(SOFTPLUS - at(SOFTPLUS, lambda e: -e), t),
    softplus_stable=(Max(t, 0) + log(1 + exp(-alpha * Abs(t))) / alpha, SOFTPLUS),
    softplus_of_its_inverse=(at(SOFTPLUS, lambda e: e + log(1 - exp(-alpha * e)) / alpha), t),
    softplus_is_LSE_of_0_and_t=(
        log(Sum(exp(alpha * x[j]), (j, 1, 2))).xreplace({x[j]: x[j] - x[2]}) / alpha,
        at(SOFTPLUS, lambda e: e - x[2]),
    ),
    softplus_Fenchel_Young=(t * SIGMA - (SIGMA * log(SIGMA) + (1 - SIGMA) * log(1 - SIGMA)) / alpha, SOFTPLUS),
    sigma_reflected=(1 - SIGMA, at(SIGMA, lambda e: -e)),
    smoothabs_slope=(derivative(ROOT), t / ROOT),
    smoothabs_second_derivative=(derivative(ROOT, 2), eps / ROOT**3),
    smoothabs_third_derivative=(derivative(ROOT, 3), -3 * eps * t / ROOT**5),
    smoothabs_by_eps=(partial_parameter(ROOT, eps), 1 / (2 * ROOT)),
    smoothabs_by_eps_twice=(partial_parameter(ROOT, eps, 2), -1 / (4 * ROOT**3)),
    smoothabs_gap=(ROOT - Abs(t), eps / (ROOT + Abs(t))),
    smoothabs_is_a_2_norm=(ROOT, (Abs(t) ** 2 + Abs(sqrt(eps)) ** 2) ** S.Half),
    logcosh_slope=(derivative(LOGCOSH), tanh(alpha * t)),
    logcosh_second_derivative=(derivative(LOGCOSH, 2), alpha / cosh(alpha * t) ** 2),
    logcosh_by_alpha=(partial_parameter(LOGCOSH, alpha), (t * tanh(alpha * t) - LOGCOSH) / alpha),
    logcosh_by_alpha_twice=(
        partial_parameter(LOGCOSH, alpha, 2),
        t**2 / cosh(alpha * t) ** 2 / alpha - 2 * (t * tanh(alpha * t) - LOGCOSH) / alpha**2,
    ),
    logcosh_is_mellowmax_of_t_and_minus_t=(LOGCOSH, log((exp(alpha * t) + exp(-alpha * t)) / 2) / alpha),
    logcosh_stable=(LOGCOSH, Abs(t) + (log(1 + exp(-2 * alpha * Abs(t))) - log(2)) / alpha),
    logcosh_small=(LOGCOSH, log(1 + 2 * sinh(alpha * t / 2) ** 2) / alpha),
    logcosh_by_LSE_of_t_and_minus_t=(log(exp(alpha * t) + exp(-alpha * t)) / alpha, LOGCOSH + log(2) / alpha),
)

d = x[1] - x[2]
r = sqrt(d**2 + eps)
SMU = (x[1] + x[2] + r) / 2
SMU_ERF = (x[1] + x[2] + d * erf(mu * d)) / 2
SIDES = (KroneckerDelta(1, i) - KroneckerDelta(2, i)) * (KroneckerDelta(1, k) - KroneckerDelta(2, k))

sheet(
    smu_slope=(partial(SMU, x[1]), (1 + d / r) / 2),
    smu_slopes_sum_to_1=(partial(SMU, x[1]) + partial(SMU, x[2]), 1),
    smu_hessian=(partial(partial(SMU, x[i]), x[k]), eps / (2 * r**3) * SIDES),
    smu_by_eps=(partial_parameter(SMU, eps), 1 / (4 * r)),
    smu_by_eps_twice=(partial_parameter(SMU, eps, 2), -1 / (8 * r**3)),
    smu_slope_by_eps=(partial_parameter(partial(SMU, x[1]), eps), -d / (4 * r**3)),
    smu_times_its_conjugate=(SMU * (x[1] + x[2] - r) / 2, x[1] * x[2] - eps / 4),
    smu_plus_its_dual=(SMU - at(SMU, lambda e: -e), x[1] + x[2]),
    smu_gap=(SMU - Max(x[1], x[2]), eps / (2 * (r + Abs(d)))),
    smu_translation=(at(SMU, lambda e: e + c), SMU + c),
    smu_joint_homogeneity=(at(SMU, lambda e: lam * e).xreplace({eps: lam**2 * eps}), lam * SMU),
    squareplus_is_smu_of_t_and_0=(SMU.subs(x[2], 0), (t + sqrt(t**2 + eps)) / 2),
    gelu_is_smu_erf_of_t_and_0=(SMU_ERF.subs({x[2]: 0, mu: 1 / sqrt(2)}), t * (1 + erf(t / sqrt(2))) / 2),
    smu_erf_slope=(partial(SMU_ERF, x[1]), (1 + erf(mu * d) + 2 * mu * d / sqrt(pi) * exp(-(mu**2) * d**2)) / 2),
    smu_erf_by_mu=(partial_parameter(SMU_ERF, mu), d**2 / sqrt(pi) * exp(-(mu**2) * d**2)),
    smu_erf_by_mu_twice=(partial_parameter(SMU_ERF, mu, 2), -2 * mu * d**4 / sqrt(pi) * exp(-(mu**2) * d**2)),
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
