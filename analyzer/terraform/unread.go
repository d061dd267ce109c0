package terraform

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// UnreadModule is a module call whose outputs something asked for, and whose module is not read: it comes from a
// registry, from git, or from a directory that is not there.
type UnreadModule struct {
	Name   string // "module.keys", as the reasons of unknown values have it
	Source string // as it is written; "" where that is no plain text
	Range  hcl.Range
}

// UnreadModules lists the calls whose outputs were asked for so far, in the order of files.
func (c *Configuration) UnreadModules() []UnreadModule {
	var list []UnreadModule
	for call := range c.asked {
		source, _ := call.constant("source").Text()
		list = append(list, UnreadModule{Name: call.address(), Source: source, Range: call.header})
	}
	slices.SortFunc(list, func(a, b UnreadModule) int {
		if a.Range.Filename != b.Range.Filename {
			return strings.Compare(a.Range.Filename, b.Range.Filename)
		}
		return a.Range.Start.Byte - b.Range.Start.Byte
	})
	return list
}

// ask notes that something asked for an output of a module that is not read.
func (s *Scope) ask(name string) {
	call := s.Module.calls["module."+name]
	if call == nil {
		return
	}
	if s.config.asked == nil {
		s.config.asked = map[*block]bool{}
	}
	s.config.asked[call] = true
}
