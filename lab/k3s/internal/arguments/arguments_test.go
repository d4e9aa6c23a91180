package arguments

import (
	"reflect"
	"testing"
)

func TestTheOperatorsArgumentTakesThePlaceOfTheOwn(t *testing.T) {
	got := Set{"v": "0", "profiling": "false"}.With([]string{"v=2", "--audit-log-maxage=30", "flag"})
	want := []string{"--audit-log-maxage=30", "--flag=true", "--profiling=false", "--v=2"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestFeatureGatesAreAddedToTheOwn(t *testing.T) {
	given := []string{"feature-gates=B=true", "feature-gates=A=false"}
	got := Set{"feature-gates": "A=true"}.With(given)
	if want := []string{"--feature-gates=A=true,B=true,A=false"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestARepeatedArgumentIsKeptAsOftenAsItWasGiven(t *testing.T) {
	got := Set{}.With([]string{"tls-sni=a", "tls-sni=b"})
	if want := []string{"--tls-sni=a", "--tls-sni=b"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
