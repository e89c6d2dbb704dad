package awsfake

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// The labels that Secrets Manager gives by itself
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html).
const (
	labelCurrent  = "AWSCURRENT"
	labelPrevious = "AWSPREVIOUS"
)

// How many versions a secret keeps, and for how long each at least
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html).
const (
	versionsKept   = 100
	versionKeptFor = 24 * time.Hour
)

// A Secret is what the fake keeps under a name.
type Secret struct {
	Versions map[string]Version
	Tags     map[string]string
	// DeletedAt is set while the secret is being deleted.
	DeletedAt time.Time

	// forced is whether the deletion cannot be taken back, and gone how long the
	// name is still taken.
	forced bool
	gone   wait
}

// A Version is one value of a Secret.
type Version struct {
	Text    string
	Labels  []string
	AddedAt time.Time
}

// Labelled returns the id of the version that has a label, "" if none has.
func (s Secret) Labelled(label string) string {
	for id, v := range s.Versions {
		if slices.Contains(v.Labels, label) {
			return id
		}
	}
	return ""
}

// clone returns a copy that does not change with the original.
func (s Secret) clone() Secret {
	s.Versions = maps.Clone(s.Versions)
	for id, v := range s.Versions {
		v.Labels = slices.Clone(v.Labels)
		s.Versions[id] = v
	}
	s.Tags = maps.Clone(s.Tags)
	return s
}

// add stores a version and moves labels to it. The first one is current in any
// case.
func (s *Secret) add(id, text string, now time.Time, labels ...string) {
	if len(s.Versions) == 0 && !slices.Contains(labels, labelCurrent) {
		labels = append(slices.Clone(labels), labelCurrent)
	}
	s.Versions[id] = Version{Text: text, AddedAt: now}
	for _, label := range labels {
		s.move(label, id)
	}
}

// move moves a label; AWSPREVIOUS follows AWSCURRENT.
func (s *Secret) move(label, to string) {
	from := s.Labelled(label)
	if from == to {
		return
	}
	if from != "" {
		s.unlabel(label, from)
		if label == labelCurrent {
			s.move(labelPrevious, from)
		}
	}
	v := s.Versions[to]
	v.Labels = append(v.Labels, label)
	s.Versions[to] = v
}

func (s *Secret) unlabel(label, from string) {
	v := s.Versions[from]
	v.Labels = slices.DeleteFunc(v.Labels, func(l string) bool { return l == label })
	s.Versions[from] = v
}

// drop removes versions that have no label and are older than a day: all of them,
// or as usual the oldest beyond a hundred versions.
func (s *Secret) drop(all bool, now time.Time) {
	var without []string
	for id, v := range s.Versions {
		if len(v.Labels) == 0 && now.Sub(v.AddedAt) >= versionKeptFor {
			without = append(without, id)
		}
	}
	slices.SortFunc(without, func(a, b string) int {
		return cmp.Or(s.Versions[a].AddedAt.Compare(s.Versions[b].AddedAt), cmp.Compare(a, b))
	})
	for _, id := range without {
		if all || len(s.Versions) > versionsKept {
			delete(s.Versions, id)
		}
	}
}
