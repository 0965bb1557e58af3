use super::*;

/// Whether `a` and `b` are the same bits.
fn same(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

impl Case {
    /// Sequence `b` of the batch as a batch of its own.
    fn alone(&self, b: usize) -> Self {
        let [queries, keys] =
            [&self.query_offsets, &self.key_offsets].map(|offsets| offsets[b] as usize..offsets[b + 1] as usize);
        let width = self.heads * self.head_size;
        let part = |x: &[f32], rows: &Range<usize>| x[rows.start * width..rows.end * width].to_vec();
        let places = |x: &[u32], rows: &Range<usize>| x.get(rows.clone()).unwrap_or(&[]).to_vec();
        Self {
            query_offsets: vec![0, queries.len() as u32],
            key_offsets: vec![0, keys.len() as u32],
            prefix: places(&self.prefix, &(b..b + 1)),
            query_positions: places(&self.query_positions, &queries),
            key_positions: places(&self.key_positions, &keys),
            q: part(&self.q, &queries),
            dout: part(&self.dout, &queries),
            k: part(&self.k, &keys),
            v: part(&self.v, &keys),
            ..self.clone()
        }
    }

    #[track_caller]
    fn check_alone(&self) {
        let ([out, lse], [dq, dk, dv]) = (self.forward(), self.backward());
        for b in 0..self.query_offsets.len() - 1 {
            let rows = self.query_offsets[b] as usize * self.heads..self.query_offsets[b + 1] as usize * self.heads;
            let keys = self.key_offsets[b] as usize * self.heads..self.key_offsets[b + 1] as usize * self.heads;
            let [queries, keys] = [&rows, &keys].map(|x| x.start * self.head_size..x.end * self.head_size);
            let alone = self.alone(b);
            let ([out1, lse1], [dq1, dk1, dv1]) = (alone.forward(), alone.backward());
            assert!(same(&out1, &out[queries.clone()]) && same(&lse1, &lse[rows]), "sequence {b}, {}", self.name());
            assert!(same(&dq1, &dq[queries]), "sequence {b}, dq, {}", self.name());
            assert!(same(&dk1, &dk[keys.clone()]) && same(&dv1, &dv[keys]), "sequence {b}, dk or dv, {}", self.name());
        }
    }
}

#[test]
fn attention_of_a_batch_is_that_of_its_sequences_bit_for_bit() {
    let (t, s) = ([33, 1, 0, 130, 7, 64, 20, 270], [33, 5, 3, 260, 0, 65, 9, 600]);
    for (causal, window) in [(false, 0), (true, 0), (true, 40), (false, 40)] {
        let case = Case::new(&t, &s, 3, 10).seeing(causal, window);
        case.check_alone();
        case.clone().biased(1).sloping().check_alone();
        if causal {
            case.biased(3).opened(&[30, 5, 0, 100, 0, 1, 9, 0]).seeing(true, window).check_alone();
        }
    }
}

#[test]
fn gradients_in_two_passes_over_chunks_are_those_in_one_bit_for_bit() {
    for (t, s) in [(300, 300), (1, 700), (700, 1), (257, 530), (530, 257)] {
        let plain = Case::new(&[t, 3], &[s, 5], 2, 9);
        let open = plain.clone().opened(&[s as u32 / 2, 1]);
        for case in [plain.clone(), plain.seeing(true, 0).dropping(0.1), open.seeing(true, 60).biased(1).sloping()] {
            let ([out, lse], batch) = (case.forward(), case.batch());
            let given = pair::Given { dout: &case.dout, out: &out, lse: &lse, q: &case.q, k: &case.k, v: &case.v };
            let want = case.backward();
            let [mut dq, mut dk, mut dv] = [&case.q, &case.k, &case.v].map(|x| poison(x.len()));
            let mut scratch = poison(scratch_backward(&case.key_offsets, case.head_size));
            backward::in_two_passes([&mut dq, &mut dk, &mut dv], &given, &batch, &mut scratch);
            for (got, want) in [dq, dk, dv].iter().zip(&want) {
                assert!(same(got, want), "{}", case.name());
            }
        }
    }
}

#[test]
fn what_is_not_finite_reaches_only_those_who_see_it() {
    let sees_little = |case: Case| [case.clone().seeing(true, 0), case.clone().seeing(false, 6), case.opened(&[10])];
    for clean in sees_little(Case::new(&[90], &[150], 1, 4)) {
        for what in 0..4 {
            // Key 100 is hidden from all queries before the first that sees it, and query 20 from all keys behind its last.
            let mut bad = clean.clone();
            let (numbers, key) = match what {
                0 => (&mut bad.q[80..84], false),
                1 => (&mut bad.dout[80..84], false),
                2 => (&mut bad.k[400..404], true),
                _ => (&mut bad.v[400..404], true),
            };
            numbers.copy_from_slice(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::NAN]);
            let batch = clean.batch();
            let head = batch.head(0, 0);
            let touched = |i: usize| if key { head.visible(i).contains(&100) } else { i == 20 };
            check_untouched(&clean, &bad, &touched);
        }
    }
}

/// Holds queries that are not `touched`, and keys that no such query sees, against those of a batch that is finite.
fn check_untouched(clean: &Case, bad: &Case, touched: &dyn Fn(usize) -> bool) {
    let ([out, lse], [dq, dk, dv]) = (clean.forward(), clean.backward());
    let ([out1, lse1], [dq1, dk1, dv1]) = (bad.forward(), bad.backward());
    let (batch, name) = (clean.batch(), clean.name());
    let head = batch.head(0, 0);
    for i in (0..head.t).filter(|i| !touched(*i)) {
        let row = i * 4..i * 4 + 4;
        assert!(same(&out[row.clone()], &out1[row.clone()]) && lse[i] == lse1[i], "out of query {i}, {name}");
        assert!(same(&dq[row.clone()], &dq1[row]), "dq of query {i}, {name}");
    }
    for j in (0..head.s).filter(|j| (0..head.t).all(|i| !touched(i) || !head.visible(i).contains(j))) {
        let row = j * 4..j * 4 + 4;
        assert!(same(&dk[row.clone()], &dk1[row.clone()]) && same(&dv[row.clone()], &dv1[row]), "key {j}, {name}");
    }
    let nan = [out1, dq1, dk1, dv1].iter().flatten().any(|x| x.is_nan());
    assert!((0..head.t).any(|i| !touched(i)) && nan == (0..head.t).any(touched), "{name}");
}

#[test]
fn work_is_divided_where_one_sequence_is_most_of_it() {
    let divided = |lengths: &[usize], heads: usize, threads: usize| {
        let case = Case::new(lengths, lengths, heads, 1);
        let batch = case.batch();
        backward::is_worth_dividing(&batch.parts(usize::MAX, usize::MAX), heads, threads)
    };
    assert!(!divided(&[100], 1, 1) && divided(&[100], 1, 2));
    assert!(!divided(&[100], 4, 4) && divided(&[100], 4, 6) && !divided(&[100; 8], 12, 64));
    assert!(divided(&[100, 3, 3, 3], 1, 2) && !divided(&[], 4, 64));
}
