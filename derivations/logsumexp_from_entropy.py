"""LogSumExp is the maximum over the simplex of a mean rewarded for entropy; softmax alone attains it."""

from sympy import Eq, IndexedBase, KroneckerDelta, S, Subs, Sum, Symbol, exp, log

from smoothsym.catalogue import logsumexp, mellowmax
from smoothsym.symbolic.derivation import Derivation
from smoothsym.words import alpha, i, j, k, n, x


def derive() -> Derivation:
    d = Derivation("LogSumExp from entropic regularisation")
    Z, L, H, F, D, Lg, U = (Symbol(name, real=True) for name in ("Z", "L_alpha", "H", "F", "D", "Lambda", "U"))
    multiplier, t = Symbol("lambda", real=True), Symbol("t", positive=True)
    q, pi = IndexedBase("q", positive=True), IndexedBase("pi", positive=True)
    mass = Sum(q[j], (j, 1, n))
    d.text(
        """To take the maximum of the entries is to put all weight on the largest: maximise the mean of the
        entries under weights {q}. Reward spread-out weights with their entropy, times {price}, and the
        maximum becomes smooth: its value is LogSumExp, and the weights that attain it are softmax,
        these and no others.

        **Hypotheses.** The weights {qi} are not negative and their sum is one; {alpha} is positive
        unless said otherwise. The steps are for positive weights; a weight of zero counts as the limit,
        in which its entropy term vanishes. No step uses that the sum of the weights is one: where it
        matters, the sum stands in the formula.

        ## The problem""",
        q=q.label,
        price=1 / alpha,
        qi=q[i],
        alpha=alpha,
    )
    d.define(H, -Sum(q[j] * log(q[j]), (j, 1, n)))
    d.define(F, Sum(q[j] * x[j], (j, 1, n)) + H / alpha)
    d.text("is to be maximised. The solution is going to be written with")
    d.define(Z, Sum(exp(alpha * x[j]), (j, 1, n)))
    d.define(L, logsumexp.definition)
    d.define(pi[i], exp(alpha * x[i]) / Z)
    d.text("## The candidate, by Lagrange's method")
    d.define(Lg, F + multiplier * (1 - mass))
    slope = x[i] - (log(q[i]) + 1) / alpha - multiplier
    d.derivative(Lg, q[i], slope, "Each weight occurs in one term of each sum")
    bend = d.derivative(
        slope, q[k], -KroneckerDelta(i, k) / (alpha * q[i]), "The second derivatives form a diagonal matrix"
    )
    concave = d.sign(
        -1 / (alpha * q[i]),
        "<",
        "Its diagonal is negative, so objective and Lagrangian are strictly concave",
        when=alpha > 0,
    )
    root = exp(alpha * (x[i] - multiplier) - 1)
    stationary = d.solution(
        slope, q[i], root, "The slope decreases strictly in its weight, so it vanishes in one place"
    )
    freed = exp(-alpha * multiplier - 1)
    d.equal(
        Sum(exp(alpha * (x[j] - multiplier) - 1), (j, 1, n)),
        freed * Z,
        "Summed over all entries, the stationary weights are a multiple of {Z}",
        Z=Z,
    )
    found = L - 1 / alpha
    norm = d.equal(
        freed.subs(multiplier, found) * Z,
        1,
        "That sum is strictly monotone in the multiplier, and one where the multiplier is {v}",
        v=found,
    )
    softmax = d.equal(root.subs(multiplier, found), pi[i], "With this multiplier, {s} is softmax", s=stationary)
    d.equal(Sum(pi[j], (j, 1, n)), 1, "Its sum, taken directly, is one")
    value = d.equal(
        Sum(pi[j] * x[j], (j, 1, n)) - Sum(pi[j] * log(pi[j]), (j, 1, n)) / alpha,
        L,
        "Put into the objective, it gives LogSumExp",
    )
    d.text(
        """So far {pi} is the one stationary point with positive weights, by {a} and {b}. By {c} and {e} it
        is the maximiser among positive weights. Weights that vanish are still to be beaten; the next
        section does it without a boundary argument, by an exact account of what any other choice loses.

        ## What another choice loses""",
        pi=pi[i],
        a=norm,
        b=softmax,
        c=bend,
        e=concave,
    )
    d.define(D, Sum(q[j] * log(q[j] / pi[j]), (j, 1, n)))
    d.text("is the Kullback–Leibler divergence of the weights from softmax.")
    loss = d.equal(
        L - F,
        D / alpha + (1 - mass) * L,
        "Taking the logarithm of the quotients apart, with the sum of the weights left in",
    )
    phi = t * log(t) - t + 1
    split = d.equal(
        D,
        Sum(pi[j] * phi.subs(t, q[j] / pi[j]), (j, 1, n)) + mass - Sum(pi[j], (j, 1, n)),
        "The divergence is a mean of one function of the quotients, and a difference of the two sums",
    )
    d.text("That function is")
    d.show(phi)
    flat = d.equal(Subs(phi, t, 1), 0, "It vanishes at one")
    level = d.derivative(phi, t, log(t), "Its slope vanishes there as well")
    d.derivative(log(t), t, 1 / t, "The slope has the derivative")
    convex = d.sign(1 / t, ">", "That is positive, so the function is strictly convex")
    d.lemma("Tangent of a strictly convex function", "It lies above its tangent, and touches it in one point.")
    d.text(
        """By {flat}, {level}, {convex} and the lemma the function is positive except at {one}; at a quotient of
        zero its limit is {one}, which is positive too. On the simplex both sums in {split} are one, and
        the divergence is not negative, and zero only for {same} throughout: this is **Gibbs'
        inequality**. On the simplex, too, {loss} says that a choice falls short of {L} by {share}
        exactly. Hence, for positive {alpha}, {L} is the maximum, as {value} attains it, and softmax is
        the only choice that does. For negative {alpha} the sign of {share} turns, and {L} is the
        minimum.

        ## The gradient is the solution""",
        convex=convex,
        split=split,
        flat=flat,
        level=level,
        one=S.One,
        same=Eq(q[i], pi[i]),
        loss=loss,
        L=L,
        share=D / alpha,
        alpha=alpha,
        value=value,
    )
    d.derivative(
        L,
        x[i],
        pi[i],
        "As the theorem on envelopes has it, the slope of the value in an entry is the weight of the entry",
    )
    d.text("## Against the uniform weights: mellowmax")
    d.define(U, Sum(q[j] * log(n * q[j]), (j, 1, n)))
    d.text("is the divergence from the uniform weights; charge for it instead of paying for entropy.")
    shift = d.equal(
        Sum(q[j] * x[j], (j, 1, n)) - U / alpha,
        F - log(n) / alpha * mass,
        "The two rewards differ by a multiple of the sum",
    )
    d.equal(
        L - log(n) / alpha,
        mellowmax.definition,
        "With a sum of one, the value of the problem moves by the same constant",
    )
    d.text("By {shift} the maximiser is softmax again, and the value is mellowmax.", shift=shift)
    return d
