package console

// Page is a page of the table, for tests.
type Page struct {
	Path, Title string
	Open        bool
	Get, Post   bool
}

// Pages are those of the table.
func (s *Server) Pages() (all []Page) {
	for _, p := range s.pages {
		all = append(all, Page{p.path, p.title, p.open, p.get != nil, p.post != nil})
	}
	return all
}
