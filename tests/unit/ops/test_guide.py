from ops.guide import lines

OUTPUTS = {
    "urls": {"shop": ["https://shop.example.com"], "blog": ["https://blog.example.com"]},
    "ingressAddresses": ["192.0.2.11", "192.0.2.12"],
}


def test_every_application_is_shown_with_a_line_that_trusts_its_authority():
    text = "\n".join(lines(OUTPUTS, "ca.crt", "kubeconfig"))

    assert "curl --cacert ca.crt --resolve shop.example.com:443:192.0.2.11" in text
    assert "curl --cacert ca.crt --resolve blog.example.com:443:192.0.2.11" in text
    assert "export KUBECONFIG=kubeconfig" in text
    assert "make down" in text
