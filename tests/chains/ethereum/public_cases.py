"""Transactions that others published with their hashes and senders, or as such that must be refused.

Official cases: ``ethereum/tests``, folder ``TransactionTests``, commit 4c87ebbf024a3e9ec842bcce90564f629a3bcd82, under
their names there. Of the chains: as blocks hold them, under their transaction hashes. ``docs/evidence.md`` says how
many more were compared.
"""

from __future__ import annotations

ACCEPTED: dict[str, tuple[str, str, str]] = {
    "ttAddress/AddressLessThan20Prefixed0": (
        (
            "f85f800182520894000000000000000000000000000b9331677e6ebf0a801ca098ff921201554726367d2be8"
            "c804a7ff89ccf285ebc57dff8ae4c44b9c19ac4aa01887321be575c8095f789dd4c743dfe42c1820f9231f98"
            "a962b210e3ac2452a3"
        ),
        "2781a1444a7a4a646bf551f90913054dc47b2f3493d4a82a057445eb9e1c98cf",
        "0x2fbffb0b9f709fd1fa4db9ff7342f2e6b3b2b7a6",
    ),
    "ttEIP1559/GasLimitPriceProductOverflowtMinusOne": (
        (
            "02f885018084773594009f02ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff8252"
            "0894095e7baea6a6c7c4c2dfeb977efac326af552d878080c080a05cbd172231fc0735e0fb994dd5b1a49391"
            "70a260b36f0427a8a80866b063b948a07c230f7f578dd61785c93361b9871c0706ebfa6d06e3f4491dc9558c"
            "5202ed36"
        ),
        "dad8bff3ecfcf95169b1d5625b47f3372be795802bc4fe570991cf332f609334",
        "0xae2aec498d20869d441eaaf708fb1e375ae1787d",
    ),
    "ttEIP2930/accessListStorage32Bytes": (
        (
            "01f89a018001826a4094095e7baea6a6c7c4c2dfeb977efac326af552d878080f838f794a95e7baea6a6c7c4"
            "c2dfeb977efac326af552d87e1a0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
            "ffff80a05cbd172231fc0735e0fb994dd5b1a4939170a260b36f0427a8a80866b063b948a07c230f7f578dd6"
            "1785c93361b9871c0706ebfa6d06e3f4491dc9558c5202ed36"
        ),
        "b4f8b14a7aaf85ec2f76be9fbe4155deae1f87b2da95af73be3c27ed8d4c8cb7",
        "0xebe76799923fd62804659fb00b4f0f1a94c0eb1e",
    ),
    "ttGasLimit/TransactionWithHighGasLimit64Minus1": (
        (
            "f865800188ffffffffffffffff94095e7baea6a6c7c4c2dfeb977efac326af552d870b801ba048b55bfa915a"
            "c795c431978d8a6a992b628d557da5ff759b307d495a36649353a01fffd310ac743f371de3b9f7f9cb56c0b2"
            "8ad43601b4ab949f53faa07bd2c804"
        ),
        "775a7c2fbe10394b89df934558bbc4250db398c1496d754b1d74485fc14e39d7",
        "0x175f8bdc9bb68036e19f30048e9603e4fc76470c",
    ),
    "ttNonce/TransactionWithHighNonce64Minus2": (
        (
            "f86788fffffffffffffffe0182520894095e7baea6a6c7c4c2dfeb977efac326af552d8780801ba048b55bfa"
            "915ac795c431978d8a6a992b628d557da5ff759b307d495a36649353a01fffd310ac743f371de3b9f7f9cb56"
            "c0b28ad43601b4ab949f53faa07bd2c804"
        ),
        "f1c8d1fb7df452d50d11d4c94a4ebeecd62f3669c980fbe37c2b65895de2fa7c",
        "0x254f592c3cf7cffd797c7e1322effa8a2671b6bb",
    ),
    "ttRSValue/TransactionWithSvalueEqual_c_secp256k1n_x05": (
        (
            "f85f800182520894095e7baea6a6c7c4c2dfeb977efac326af552d870b801ba048b55bfa915ac795c431978d"
            "8a6a992b628d557da5ff759b307d495a36649353a07fffffffffffffffffffffffffffffff5d576e7357a450"
            "1ddfe92f46681b20a0"
        ),
        "598c2fd732a2a602924a91a5108c1b690c5dee2ecd0b1d3733f0faae92cee470",
        "0xb284109d8e781949638d995c19f8feba0268191c",
    ),
    "ttRSValue/TransactionWithRSvalue1": (
        "df800182520894095e7baea6a6c7c4c2dfeb977efac326af552d870b801b0101",
        "7d442ef4740397ced8ba3f0de71405e8d0bd4c4b5b79b20c83374b9949904db4",
        "0x98c188f183d4e93ff2bffadd145f39b4a792ed85",
    ),
    "ttSignature/Vitalik_1": (
        (
            "f864808504a817c800825208943535353535353535353535353535353535353535808025a0044852b2a670ad"
            "e5407e78fb2863c51de9fcb96542a07186fe3aeda6bb8a116da0044852b2a670ade5407e78fb2863c51de9fc"
            "b96542a07186fe3aeda6bb8a116d"
        ),
        "b1e2188bc490908a78184e4818dca53684167507417fdb4c09c2d64d32a9896a",
        "0xf0f6f18bca1b28cd68e4357452947e021241e9ce",
    ),
    "ttSignature/Vitalik_12": (
        (
            "f8610e80830493e080809560f2ff61000080610011600039610011565b6000f31ca0a310f4d0b26207db76ba"
            "4e1e6e7cf1857ee3aa8559bcbc399a6b09bfea2d30b4a06dff38c645a1486651a717ddf3daccb4fd9a630871"
            "ecea0758ddfcf2774f9bc6"
        ),
        "db38325f4c7a9917a611fd09694492c23b0ec357a68ab5cbf905fc9757b9919a",
        "0x874b54a8bd152966d63f706bae1ffeb0411921e5",
    ),
    "ttVValue/V_equals37": (
        (
            "f865808698852840a46f82d6d894095e7baea6a6c7c4c2dfeb977efac326af552d87808025a098ff92120155"
            "4726367d2be8c804a7ff89ccf285ebc57dff8ae4c44b9c19ac4aa01887321be575c8095f789dd4c743dfe42c"
            "1820f9231f98a962b210e3ac2452a3"
        ),
        "4782cb5edcaeda1f0aef204b161214f124cefade9e146245183abbb9ca01bca5",
        "0x2ea991808ba979ba103147edfd72304ebd95c028",
    ),
}
"""Name, signed transaction, hash, sender."""

REFUSED: dict[str, str] = {
    "ttAddress/AddressLessThan20": (
        "f8528001825208870b9331677e6ebf0a801ca098ff921201554726367d2be8c804a7ff89ccf285ebc57dff8a"
        "e4c44b9c19ac4aa03887321be575c8095f789dd4c743dfe42c1820f9231f98a962b210e3ac2452a3"
    ),
    "ttAddress/AddressMoreThan20PrefixedBy0": (
        "f867367b8252089c0000000000000000095e7baea6a6c7c4c2dfeb977efac326af552d870b121ba048b55bfa"
        "915ac795c431978d8a6a992b628d557da5ff759b307d495a36649353a0efffd310ac743f371de3b9f7f9cb56"
        "c0b28ad43601b4ab949f53faa07bd2c804"
    ),
    "ttEIP1559/maxFeePerGas00prefix": (
        "02f88701808477359400a100ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        "82520894095e7baea6a6c7c4c2dfeb977efac326af552d878080c080a05cbd172231fc0735e0fb994dd5b1a4"
        "939170a260b36f0427a8a80866b063b948a07c230f7f578dd61785c93361b9871c0706ebfa6d06e3f4491dc9"
        "558c5202ed36"
    ),
    "ttEIP1559/maxFeePerGas32BytesValue": (
        "02f88601808477359400a0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff82"
        "520894095e7baea6a6c7c4c2dfeb977efac326af552d878080c080a05cbd172231fc0735e0fb994dd5b1a493"
        "9170a260b36f0427a8a80866b063b948a07c230f7f578dd61785c93361b9871c0706ebfa6d06e3f4491dc955"
        "8c5202ed36"
    ),
    "ttEIP1559/maxPriorityFeePerGasOverflow": (
        "02f8870180a101000000000000000000000000000000000000000000000000000000000000000084b2d05e00"
        "82520894095e7baea6a6c7c4c2dfeb977efac326af552d878080c080a05cbd172231fc0735e0fb994dd5b1a4"
        "939170a260b36f0427a8a80866b063b948a07c230f7f578dd61785c93361b9871c0706ebfa6d06e3f4491dc9"
        "558c5202ed36"
    ),
    "ttEIP2930/accessListAddressGreaterThan20": (
        "01f8be018001826a4094095e7baea6a6c7c4c2dfeb977efac326af552d878080f85cf85a95b94f5374fce5ed"
        "bc8e2a8697c15331677e6ebf0b1cf842a0000000000000000000000000000000000000000000000000000000"
        "0000000000a0000000000000000000000000000000000000000000000000000000000000000180a05cbd1722"
        "31fc0735e0fb994dd5b1a4939170a260b36f0427a8a80866b063b948a07c230f7f578dd61785c93361b9871c"
        "0706ebfa6d06e3f4491dc9558c5202ed36"
    ),
    "ttGasLimit/TransactionWithGasLimitOverflow64": (
        "f86680018901000000000000000094095e7baea6a6c7c4c2dfeb977efac326af552d870b801ba048b55bfa91"
        "5ac795c431978d8a6a992b628d557da5ff759b307d495a36649353a01fffd310ac743f371de3b9f7f9cb56c0"
        "b28ad43601b4ab949f53faa07bd2c804"
    ),
    "ttNonce/TransactionWithHighNonce64": (
        "f868890100000000000000000182520894095e7baea6a6c7c4c2dfeb977efac326af552d8780801ba048b55b"
        "fa915ac795c431978d8a6a992b628d557da5ff759b307d495a36649353a01fffd310ac743f371de3b9f7f9cb"
        "56c0b28ad43601b4ab949f53faa07bd2c804"
    ),
    "ttRSValue/TransactionWithSvalueLargerThan_c_secp256k1n_x05": (
        "f85f800182520894095e7baea6a6c7c4c2dfeb977efac326af552d870b801ba048b55bfa915ac795c431978d"
        "8a6a992b628d557da5ff759b307d495a36649353a07fffffffffffffffffffffffffffffff5d576e7357a450"
        "1ddfe92f46681b20a1"
    ),
    "ttRSValue/TransactionWithRvalue0": (
        "f83f800182520894095e7baea6a6c7c4c2dfeb977efac326af552d870b801b80a0efffd310ac743f371de3b9"
        "f7f9cb56c0b28ad43601b4ab949f53faa07bd2c804"
    ),
    "ttRSValue/TransactionWithSvaluePrefixed00BigInt": (
        "f85f800182520894095e7baea6a6c7c4c2dfeb977efac326af552d870b801ba098ff921201554726367d2be8"
        "c804a7ff89ccf285ebc57dff8ae4c44b9c19ac4aa000000000000000000000000000000ef0b28ad43601b4ab"
        "949f53faa07bd2c804"
    ),
    "ttValue/TransactionWithHighValueOverflow": (
        "f880800182520894095e7baea6a6c7c4c2dfeb977efac326af552d87a1010000000000000000000000000000"
        "000000000000000000000000000000000000801ca048b55bfa915ac795c431978d8a6a992b628d557da5ff75"
        "9b307d495a36649353a010002cef538bc0c8e21c46080634a93f4d752bc9fe4b546b60ac055e842d342b"
    ),
    "ttWrongRLP/RLPElementIsListWhenItShouldntBe": (
        "f8698001cc83646f6783676f648363617494095e7baea6a6c7c4c2dfeb977efac326af552d870a801ba048b5"
        "5bfa915ac795c431978d8a6a992b628d557da5ff759b307d495a36649353a0efffd310ac743f371de3b9f7f9"
        "cb56c0b28ad43601b4ab949f53faa07bd2c804"
    ),
    "ttWrongRLP/TRANSCT_rvalue_Prefixed0000": (
        "f86303018207d094b94f5374fce5edbc8e2a8697c15331677e6ebf0b0a8255441ca2000098ff921201554726"
        "367d2be8c804a7ff89ccf285ebc57dff8ae4c44b9c19ac4aa08887321be575c8095f789dd4c743dfe42c1820"
        "f9231f98a962b210e3ac2452a3"
    ),
    "ttWrongRLP/RLPAddressWithFirstZeros": (
        "f86080018209489500095e7baea6a6c7c4c2dfeb977efac326af552d870a801ba048b55bfa915ac795c43197"
        "8d8a6a992b628d557da5ff759b307d495a36649353a0efffd310ac743f371de3b9f7f9cb56c0b28ad43601b4"
        "ab949f53faa07bd2c804"
    ),
    "ttWrongRLP/RLPIncorrectByteEncoding127": (
        "f860817f0182520894b94f5374fce5edbc8e2a8697c15331677e6ebf0b0a801ca098ff921201554726367d2b"
        "e8c804a7ff89ccf285ebc57dff8ae4c44b9c19ac4aa08887321be575c8095f789dd4c743dfe42c1820f9231f"
        "98a962b210e3ac2452a3"
    ),
    "ttWrongRLP/RLPListLengthWithFirstZeros": (
        "f9005f030182520894b94f5374fce5edbc8e2a8697c15331677e6ebf0b0a801ca098ff921201554726367d2b"
        "e8c804a7ff89ccf285ebc57dff8ae4c44b9c19ac4aa08887321be575c8095f789dd4c743dfe42c1820f9231f"
        "98a962b210e3ac2452a3"
    ),
    "ttWrongRLP/TRANSCT__RandomByteAtTheEnd": (
        "f86103018207d094b94f5374fce5edbc8e2a8697c15331677e6ebf0b0a8255441ca098ff921201554726367d"
        "2be8c804a7ff89ccf285ebc57dff8ae4c44b9c19ac4aa08887321be575c8095f789dd4c743dfe42c1820f923"
        "1f98a962b210e3ac2452a3ef"
    ),
    "ttWrongRLP/aMaliciousRLP": ("b8"),
    "ttWrongRLP/TRANSCT_to_GivenAsList": (
        "f86103018207d0d4b94f5374fce5edbc8e2a8697c15331677e6ebf0b0a8255441ca098ff921201554726367d"
        "2be8c804a7ff89ccf285ebc57dff8ae4c44b9c19ac4aa08887321be575c8095f789dd4c743dfe42c1820f923"
        "1f98a962b210e3ac2452a3"
    ),
}
"""Name, bytes."""

ON_CHAINS: dict[str, tuple[str, str]] = {
    # Ethereum, block 46147: the first transfer there ever was
    "5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060": (
        (
            "f86780862d79883d2000825208945df9b87991262f6ba471f09758cde1c0fc1de734827a69801ca088ff6cf0"
            "fefd94db46111149ae4bfc179e9b94721fffd821d38d16464b3f71d0a045e0aff800961cfce805daef7016b9"
            "b675c137a6a41a548f7b60a3484c06a33a"
        ),
        "a1e4380a3b1f749673e270229993ee55f35663b4",
    ),
    # Ethereum, block 16590815: an ERC-20 transfer, EIP-1559
    "b1fac2cb5074a4eda8296faebe3b5a3c10b48947dd9a738b2fdf859be0e1fbaf": (
        (
            "02f8b20182276884173eed80850645a4b0a682f47894111111517e4929d3dcbdfa7cce55d30d4b6bc4d680b8"
            "44a9059cbb000000000000000000000000b6ae07829376a5b704bb46a0869f383555097c2900000000000000"
            "0000000000000000000000000000000034df6db862352c72d0c001a04dec2c2ab964f28385d31cd203fe5960"
            "e001ccd110db816ad462d411cf496548a062ffcab5b6ae1cf4a59d32dd39a92f14eadea5fbbb7587c1a845a3"
            "d0d8621253"
        ),
        "2d218ce7d8892fc6b391b614f84278d12decae52",
    ),
    # Ethereum: a contract call with an access list, EIP-1559
    "1c5bd618bdbc575f71bfe0a54f09bca2997bbf6d90d4f371a509b05e2b3124e3": (
        (
            "02f901e901833c3139842b27f14d86012309ce540083055ca8945f65f7b609678448494de4c87521cdf6cef1"
            "e93280b8e4fa558b7100000000000000000000000095ad61b0a150d79219dcf64e1e6cc01f0b64c4ce000000"
            "0000000000000000000000000000000000000000000000000000000060000000000000000000000000000000"
            "00000000000000000000000000000000a0000000000000000000000000000000000000000000000000000000"
            "000000000100000000000000000000000016a217dedfacdf9c23edb84b57154f26a15848e600000000000000"
            "0000000000000000000000000000000000000000000000000100000000000000000000000000000000000000"
            "0000028cad80bb7cf17e27c4c8f893f7945f65f7b609678448494de4c87521cdf6cef1e932e1a0d2dc2a0881"
            "b05440a4908cf506b4871b1f7eaa46ea0c5dfdcda5f52bc17164a4f8599495ad61b0a150d79219dcf64e1e6c"
            "c01f0b64c4cef842a0ba03decd934aae936605e9d437c401439ec4cefbad5795e0965100f929fe339ca0b36e"
            "2afa1a25492257090107ad99d079032e543c8dd1ffcd44cf14a96d3015ac80a0821193127789b107351f6700"
            "25dd3b862f5836e5155f627a29741a251e8d28e8a07ea1e82b1bf6f29c5d0f1e4024acdb698086ac40c35370"
            "4d7d5e301fb916f2e3"
        ),
        "d24400ae8bfebb18ca49be86258a3c749cf46853",
    ),
    # Japan Open Chain (eip155:81): to the sender itself, EIP-1559
    "4d9d7a87ab2dae0cc4afc5d2f8fbe1e70a0ec8229908b4ae17105e66f20097b0": (
        (
            "02f86f518356abb08518e9b26e008518e9b26e46825208945cfce8669c672df27e3d6cad41859328932ec278"
            "8080c080a033fbda666ff35f11a2cabdeffd7379708e9820a395add4b826f50ae64e8a2375a0650567499fb7"
            "44ddc105dac70214dbaabbe3413a775772d11816b5588ce391be"
        ),
        "5cfce8669c672df27e3d6cad41859328932ec278",
    ),
}
"""Hash, signed transaction, sender."""
