use super::*;

#[test]
fn attention_and_its_gradients_are_the_formulas_around_every_block_boundary() {
    for s in [0, 1, 2, 3, 7, 8, 9, 31, 32, 33, 63, 64, 65, 127, 128, 129, 130, 257] {
        for t in [1, 32, 33, 65, s] {
            Case::new(&[t], &[s], 1, 5).check();
            Case::new(&[t], &[s], 1, 5).seeing(true, 0).check();
            Case::new(&[t], &[s], 1, 5).seeing(s % 2 == 0, 3).dropping(0.2).check();
        }
    }
}

#[test]
fn attention_is_the_formula_where_keys_are_packed_in_several_parts_and_queries_divided() {
    for (t, s) in [(3, 511), (3, 512), (3, 513), (257, 521), (530, 1030)] {
        Case::new(&[t], &[s], 1, 2).check();
        Case::new(&[t], &[s], 1, 2).seeing(true, 0).biased(1).sloping().dropping(0.1).check();
        Case::new(&[t], &[s], 1, 2).opened(&[300]).seeing(true, 400).check();
    }
}

#[test]
fn attention_takes_any_head_size() {
    for head_size in [1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 31, 64] {
        for heads in [1, 2, 3] {
            Case::new(&[3, 0, 11], &[5, 4, 10], heads, head_size).check();
        }
    }
}

#[test]
fn attention_sees_what_causality_and_window_leave() {
    for (t, s) in [(1, 40), (40, 1), (5, 9), (9, 5), (70, 70), (45, 300), (300, 45)] {
        for window in [0, 1, 2, 8, 50, 1000, usize::MAX] {
            for causal in [false, true] {
                Case::new(&[2, t], &[3, s], 2, 3).seeing(causal, window).check();
            }
        }
    }
}

#[test]
fn attention_sees_prefixes_as_far_as_the_window_goes() {
    for (t, s) in [(1, 40), (40, 1), (9, 5), (70, 70), (45, 300), (300, 45)] {
        for prefix in [0, 1, s / 2, s] {
            for window in [0, 1, 7, 100] {
                let case = Case::new(&[4, t, 0], &[3, s, 2], 2, 3).opened(&[2, prefix as u32, 1]);
                Case { window, ..case }.check();
            }
        }
    }
}

#[test]
fn attention_adds_biases_by_the_place_in_the_sequence() {
    for heads in [1, 3] {
        for (t, s) in [([1, 0, 3], [1, 2, 9]), ([33, 70, 0], [33, 135, 4]), ([5, 200, 64], [8, 20, 130])] {
            let case = Case::new(&t, &s, 3, 6).biased(heads);
            case.check();
            case.clone().seeing(true, 0).dropping(0.1).check();
            case.clone().seeing(false, 5).check();
            case.clone().opened(&[1, 2, 3]).check();
        }
    }
}

#[test]
fn attention_subtracts_slopes_times_distances_of_positions() {
    for (t, s) in [([1, 0, 3], [1, 2, 9]), ([33, 70, 0], [33, 135, 4]), ([5, 200, 64], [8, 20, 130])] {
        let case = Case::new(&t, &s, 3, 6).sloping();
        case.check();
        case.clone().seeing(true, 0).check();
        case.clone().seeing(false, 9).dropping(0.3).check();
        case.clone().biased(3).opened(&[0, 1, 4]).check();
        Case { window: 20, ..case.biased(1).opened(&[1, 20, 4]) }.dropping(0.1).check();
    }
}

#[test]
fn attention_drops_probabilities_by_their_place_in_the_batch() {
    for rate in [0.1, 0.5, 0.9375] {
        Case::new(&[3, 40, 0, 9], &[3, 200, 5, 8], 3, 6).dropping(rate).check();
        Case::new(&[35, 40], &[35, 140], 2, 6).seeing(true, 70).dropping(rate).check();
    }
}

#[test]
fn attention_accepts_batches_without_sequences_queries_or_keys() {
    for (t, s) in [(vec![], vec![]), (vec![0], vec![0]), (vec![0, 0], vec![3, 2]), (vec![4, 1], vec![0, 0])] {
        Case::new(&t, &s, 2, 4).check();
        Case::new(&t, &s, 2, 4).seeing(true, 1).check();
        Case::new(&t, &s, 2, 4).biased(2).sloping().opened(&vec![0; t.len()]).check();
    }
}

#[test]
fn attention_of_a_query_that_sees_nothing_is_zero() {
    let case = Case::new(&[6, 2, 3], &[2, 0, 4], 2, 4).seeing(true, 0).dropping(0.1);
    let mut shut = case.clone().biased(1);
    let columns = shut.bias_size[1];
    shut.bias[4 * columns..][..columns].fill(f32::NEG_INFINITY);
    for (case, blind) in [(case, &[0, 1, 2, 3, 6, 7][..]), (shut, &[0, 1, 2, 3, 4, 6, 7])] {
        let ([out, lse], [dq, dk, dv], dbias) = (case.forward(), case.backward(), case.dbias());
        for blind in blind {
            assert_eq!(out[blind * 8..][..8], [0.0; 8]);
            assert_eq!(lse[blind * 2..][..2], [f32::NEG_INFINITY; 2]);
            assert_eq!(dq[blind * 8..][..8], [0.0; 8]);
        }
        assert!([out, dq, dk, dv, dbias].iter().flatten().all(|x| x.is_finite()));
    }
}

#[test]
fn attention_passes_on_what_is_not_finite() {
    let clean = Case::new(&[40, 3], &[200, 3], 2, 4);
    let all_nan = |x: &[f32], rows: Range<usize>| rows.clone().all(|row| x[row * 8..][..4].iter().all(|x| x.is_nan()));
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let [mut q, mut k, mut v] = [clean.clone(), clean.clone(), clean.clone()];
        (q.q[8 * 5], k.k[8 * 150], v.v[8 * 150 + 1]) = (bad, bad, bad);
        assert!(all_nan(&q.forward()[0], 5..6), "q {bad}");
        assert!(q.forward()[0][8 * 6..].iter().all(|x| x.is_finite()), "q {bad} stays in its row");
        assert!(v.forward()[0][8 * 7 + 1] == bad || bad.is_nan() && v.forward()[0][8 * 7 + 1].is_nan(), "v {bad}");
        // An infinite key weighs everything or nothing, according to the sign of the query's number.
        let sure = |i: usize| bad.is_nan() || (q.q[i * 8] * bad > 0.0) && i != 5;
        let out = k.forward();
        for i in (0..40).filter(|i| sure(*i)) {
            assert!(all_nan(&out[0], i..i + 1), "k {bad}, query {i}");
        }
        for case in [q, k, v] {
            assert!(case.backward().iter().any(|x| x.iter().any(|x| x.is_nan())), "gradients with {bad}");
            assert!(case.backward().iter().all(|x| x[x.len() - 24..].iter().all(|x| x.is_finite())), "other sequence");
        }
    }
}

#[test]
fn attention_ignores_a_score_of_minus_infinity() {
    let mut case = Case::new(&[1], &[300], 1, 1);
    case.q[0] = 1.0;
    case.k[..200].fill(f32::NEG_INFINITY);
    let [out, lse] = case.forward();
    let weights: Vec<f64> = case.k[200..].iter().map(|k| f64::from(*k).exp()).collect();
    let total = weights.iter().sum::<f64>();
    let want = weights.iter().zip(&case.v[200..]).map(|(w, v)| w * f64::from(*v)).sum::<f64>() / total;
    assert!((f64::from(out[0]) - want).abs() < 1e-6 && (f64::from(lse[0]) - total.ln()).abs() < 1e-6 * total.ln());
}

#[test]
fn attention_keeps_its_precision_where_scores_are_large() {
    // Scores up to ±50: an error of 3e-6 in a score of 50 (half a unit in its last place) is one of 3e-6 in its weight.
    let mut case = Case::new(&[40], &[260], 1, 4);
    case.q.iter_mut().for_each(|x| *x *= 50.0);
    let (want, [out, lse]) = (case.formula(), case.forward());
    for (got, want) in out.iter().chain(&lse).zip(want[0].iter().chain(&want[1])) {
        assert!((f64::from(*got) - want).abs() < 2e-5 * want.abs().max(1.0), "{got}, not {want}");
    }
}

#[test]
fn attention_whose_scores_are_all_minus_infinity_is_not_a_number_unless_a_bias_says_so() {
    let mut case = Case::new(&[2], &[3], 1, 1);
    case.q.copy_from_slice(&[f32::NEG_INFINITY, 1.0]);
    case.k.fill(1.0);
    let ([out, lse], [dq, dk, _]) = (case.forward(), case.backward());
    assert!(out[0].is_nan() && lse[0].is_nan() && dq[0].is_nan() && dk[0].is_nan() && out[1].is_finite());
    let mut hidden = case.biased(1);
    hidden.bias[..3].fill(f32::NEG_INFINITY);
    let ([out, lse], [dq, _, dv]) = (hidden.forward(), hidden.backward());
    assert_eq!((out[0], lse[0], dq[0]), (0.0, f32::NEG_INFINITY, 0.0));
    assert!(dv.iter().all(|x| x.is_finite()));
}
