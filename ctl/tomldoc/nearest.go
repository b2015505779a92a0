package tomldoc

// Nearest returns the candidate that word was probably meant to be, or nothing when none is
// close: at most a third of its letters, and never more than three, differ.
func Nearest(word string, candidates []string) string {
	best, bestDistance := "", 4
	for _, candidate := range candidates {
		if n := len(word) - len(candidate); n >= bestDistance || -n >= bestDistance {
			continue // at least that many letters differ
		}
		d := distance(word, candidate)
		if d < bestDistance && d <= max(len(candidate)/3, 1) {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// distance counts the insertions, deletions, substitutions and swaps of neighbouring bytes that
// turn a into b (optimal string alignment).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+differ(a[i-1], b[j-1]))
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

func differ(a, b byte) int {
	if a == b {
		return 0
	}
	return 1
}
