package igsim

import "time"

// facebookState is the part of the state file about Facebook Login. A file
// without it is one from before, and changes nothing.
type facebookState struct {
	People map[string]facebookPersonState `json:"people"` // by username
	Pages  map[string]facebookPageState   `json:"pages"`  // by id
	Codes  map[string]*facebookCode       `json:"codes"`  // by their text
	Tokens map[string]*facebookToken      `json:"tokens"` // by their text
}

// facebookPersonState is what can change about a person.
type facebookPersonState struct {
	Pages           []string  `json:"pages"`
	Granted         []string  `json:"granted,omitempty"`
	Declined        []string  `json:"declined,omitempty"`
	Shown           []string  `json:"shown,omitempty"`
	DataAccessUntil time.Time `json:"data_access_until,omitzero"`
}

// facebookPageState is what can change about a Page.
type facebookPageState struct {
	Portfolio bool   `json:"portfolio,omitempty"`
	Instagram string `json:"instagram,omitempty"`
}

// state returns what is to be kept. The caller holds s.mu.
func (f *facebook) state() *facebookState {
	st := &facebookState{
		People: map[string]facebookPersonState{}, Pages: map[string]facebookPageState{},
		Codes: f.codes, Tokens: f.tokens,
	}
	for _, p := range f.people {
		st.People[p.Username] = facebookPersonState{p.Pages, p.granted, p.declined, p.shown, p.dataAccessUntil}
	}
	for _, page := range f.pages {
		st.Pages[page.ID] = facebookPageState{page.Portfolio, page.Instagram}
	}
	return st
}

// restoreFacebook takes over what belongs to people and Pages that still exist.
func (s *Simulator) restoreFacebook(st *facebookState) {
	if st == nil {
		return
	}
	for _, p := range s.fb.people {
		kept, ok := st.People[p.Username]
		if !ok {
			continue
		}
		p.granted, p.declined, p.shown, p.dataAccessUntil = kept.Granted, kept.Declined, kept.Shown, kept.DataAccessUntil
		p.Pages = []string{}
		for _, id := range kept.Pages {
			if s.page(id) != nil {
				p.Pages = append(p.Pages, id)
			}
		}
	}
	for _, page := range s.fb.pages {
		if kept, ok := st.Pages[page.ID]; ok {
			page.Portfolio, page.Instagram = kept.Portfolio, kept.Instagram
		}
	}
	for text, code := range st.Codes {
		if code != nil && s.facebookPerson(code.Username) != nil {
			s.fb.codes[text] = code
		}
	}
	for text, t := range st.Tokens {
		if t != nil && s.facebookPerson(t.Username) != nil && (t.Page == "" || s.page(t.Page) != nil) {
			s.fb.tokens[text] = t
		}
	}
}
