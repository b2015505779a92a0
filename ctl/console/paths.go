package console

// Patterns are the paths of all pages that can be looked at, as patterns of http.ServeMux. Tests in a browser hold
// what links lead to against them.
func Patterns() (patterns []string) {
	for _, p := range new(Server).allPages() {
		if p.get != nil {
			patterns = append(patterns, p.path)
		}
	}
	return patterns
}
