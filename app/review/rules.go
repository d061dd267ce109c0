package review

import (
	"fmt"
	"maps"
	"strings"

	"github.com/kms-review/kms-review/analyzer/rules"
)

// chooseRules reads "all", "default" or IDs and names, separated by commas, those to leave out with a minus before
// them; the later word wins. A list that begins with a rule means that rule and no other; one that begins with a
// minus, the default without it. set is what the settings say: part of the default.
func chooseRules(list string, set map[string]bool) (map[string]bool, error) {
	if list == "" {
		return set, nil
	}
	chosen := map[string]bool{}
	for i, word := range strings.Split(list, ",") {
		word = strings.TrimSpace(word)
		id, off := strings.CutPrefix(word, "-")
		if i == 0 && off {
			maps.Copy(chosen, defaults(set))
		}
		switch word {
		case "all":
			for _, r := range rules.All() {
				chosen[r.ID] = true
			}
			continue
		case "default":
			maps.Copy(chosen, defaults(set))
			continue
		}
		r, ok := rules.ByID(id)
		if !ok {
			return nil, fmt.Errorf("unknown rule %q in --rules: want all, default or IDs; `kms-review rules` lists them", word)
		}
		chosen[r.ID] = !off
	}
	for _, r := range rules.All() {
		if !chosen[r.ID] {
			chosen[r.ID] = false // a rule that is not named at all would follow its own default
		}
	}
	return chosen, nil
}

func defaults(set map[string]bool) map[string]bool {
	on := map[string]bool{}
	for _, r := range rules.Default() {
		on[r.ID] = true
	}
	maps.Copy(on, set)
	return on
}
