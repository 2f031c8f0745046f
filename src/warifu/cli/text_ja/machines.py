"""What devices run on: platforms, TPM, appliance, keepers."""

MACHINES: dict[str, str] = {
    # --- devices: what they run on ---
    "Look at what every device runs on: kind, tier, evidence, and whether it is still what you accepted.": (
        "各端末が何の上で動いているかを見ます。種類、階層、証拠、そして承認したときのままかどうか。"
    ),
    "Each connected device is asked now, and what it shows is checked here. Nothing is believed that the service "
    "says. The exit code is 15 where one is not what you accepted.": (
        "接続中の各端末に今たずね、示された証拠をここで検証します。サービスの言うことは何も信じません。"
        "承認したときと異なる端末があれば、終了コードは 15 です。"
    ),
    "Show everything about the device NAME: what was checked, what cannot be, and what it says of itself.": (
        "端末 NAME についてすべて表示します。検証したこと、検証できないこと、端末自身が言うこと。"
    ),
    "Accept the device NAME as what it is now: after an upgrade, a new kernel, a repair.": (
        "端末 NAME を今の状態のまま承認します。更新、カーネルの入れ替え、修理などのあとに使います。"
    ),
    "Every wallet of the device is told, by you and with its passphrase: its devices work with NAME again from then "
    "on. Those that are away now can be told later by the same command; the exit code is 13 until all are.": (
        "その端末の各ウォレットに、あなたがパスフレーズとともに知らせます。"
        "以後、ウォレットの端末は NAME と再び一緒に働きます。"
        "今つながっていない端末には、あとで同じコマンドで知らせられます。すべてに知らせるまで、終了コードは 13 です。"
    ),
    "Evidence of the format {kind}, {count} bytes.": "形式 {kind} の証拠、{count} バイト。",
    "Keep it there (a device's 'endorsements' directory) instead of with this client.": (
        "このクライアントの代わりに、そこ（端末の 'endorsements' ディレクトリ）に保存します。"
    ),
    "Write the evidence of the device NAME to FILE, for 'warifu evidence verify' and 'warifu evidence refresh'.": (
        "端末 NAME の証拠を FILE に書きます。'warifu evidence verify' と 'warifu evidence refresh' で使えます。"
    ),
    "{release} (another than when you accepted it)": "{release}（承認したときとは別のもの）",
    "its host cannot read its memory": "ホストはメモリを読めない",
    "a key in a chip": "チップの中の鍵",
    "it seals for itself and this program alone": "自分とこのプログラムだけのために封じる",
    "what is sealed survives an upgrade": "封じたものは更新後も開く",
    "it knows an old disk": "古いディスクを見分ける",
    "the chip counts wrong passphrases": "チップが誤ったパスフレーズを数える",
    "its evidence convinces strangers": "証拠は他人をも納得させる",
    "fit for real money by itself": "それだけで本物の資金に足りる",
    "Is it right that {name} is this now?": "{name} は今この状態で正しいですか。",
    "It says of itself (a compromised machine can say anything):": (
        "端末自身の言うこと（侵された機械は何とでも言えます）:"
    ),
    "NOT what you accepted ({check})": "承認したときと異なります（{check}）",
    "The device {name} is accepted as what it is.": "端末 {name} を今の状態で承認しました。",
    "accepted": "承認",
    "advisories": "既知の弱点",
    "as accepted": "承認したとおり",
    "cannot be checked": "検証できません",
    "checked": "検証したこと",
    "days": "日",
    "hours": "時間",
    "minutes": "分",
    "seconds": "秒",
    "declared": "申告",
    "missing": "なし",
    "unknown": "不明",
    "ok": "良好",
    "evidence": "証拠",
    "firmware": "ファームウェア",
    "program": "プログラム",
    "never": "まだ一度も",
    "never accepted": "未承認",
    "nobody looked at it": "誰も調べていません",
    "not looked at ({code})": "見られませんでした（{code}）",
    "not proven": "証明されないこと",
    "looking at the devices": "端末を調べています",
    "nothing; the first failed check: {check}": "なし。最初に失敗した検証: {check}",
    "seen {age} ago": "{age}前に確認",
    "{age} ago": "{age}前",
    "{name} runs on: {kind}": "{name} の基盤: {kind}",
    "{name} was not told: {code}": "{name} には知らせられませんでした: {code}",
    "what {name} shows of itself cannot be checked here ({check}): it counts as tier 0": (
        "{name} の示す証拠はここでは検証できません（{check}）。階層 0 として扱います"
    ),
    "signature, chain to the maker's root, validity, debug mode, and that it answers this very question": (
        "署名、製造者のルートまでの鎖、有効期間、デバッグモード、そしてまさにこの問いへの答えであること"
    ),
    "that the identity which you compared answered this very question": (
        "あなたが照合した鍵が、まさにこの問いに答えたこと"
    ),
    "isolation by software: nothing about the device is proven": (
        "ソフトウェアによる隔離。端末については何も証明されません"
    ),
    "measured boot and a chip: the share is sealed to this machine, and enters ordinary memory while it signs": (
        "測定された起動とチップ。分散鍵はこの機械に封じられ、署名のあいだは普通のメモリに入ります"
    ),
    "a confidential machine or enclave: its host cannot read its memory": (
        "機密仮想機械またはエンクレーブ。ホストはそのメモリを読めません"
    ),
    "which program answers, and on which machine; it holds the identity that you compared": (
        "どのプログラムがどの機械で答えているか。ただし、あなたが照合した鍵を持っています"
    ),
    "what a compromised kernel does after the boot that was measured, and what root of that machine reads": (
        "測定された起動のあとに、侵されたカーネルが何をするか。その機械の root が何を読むか"
    ),
    "physical attacks on the memory bus, and weaknesses that are not published yet": (
        "メモリバスへの物理攻撃と、まだ公表されていない弱点"
    ),
    "side channels, physical attacks on the memory bus, and weaknesses that are not published yet": (
        "サイドチャネル、メモリバスへの物理攻撃、まだ公表されていない弱点"
    ),
    "the owner of the host, who is the maker of the enclave as well": (
        "ホストの持ち主。エンクレーブの作り手でもあります"
    ),
    # warifu evidence
    "The evidence of a device is not genuine, or not enough for the appraisal policy.": (
        "デバイスの証拠が本物でないか、評価ポリシーに足りません。"
    ),
    "Judge what devices show of themselves: TPM quotes, SEV-SNP reports, TDX and SGX quotes, Nitro documents.": (
        "デバイスが自らについて示すもの（TPM のクォート、SEV-SNP のレポート、TDX と SGX のクォート、Nitro の文書）を"
        "評価します。"
    ),
    "Appraise the evidence in FILE ('-': standard input), offline, and report what was measured.": (
        "FILE（「-」は標準入力）の証拠を、ネットワークなしで評価し、何が測定されたかを示します。"
    ),
    "Without --policy it judges genuineness only: the signature, the chain to the vendor's pinned root, validity at "
    "--now, and that the enclave is not in debug mode. The exit code is 0 only when the appraisal affirms; it is 15 "
    "where the evidence is not genuine or not enough, and the first check that failed is named.": (
        "--policy がなければ、本物かどうかだけを評価します。つまり署名、製造元の固定されたルートまでの証明書の連鎖、"
        "--now の時点での有効性、そしてデバッグモードでないことです。終了コードは、評価が肯定したときだけ 0 です。"
        "証拠が本物でないか足りないときは 15 で、最初に失敗した検査の名前を示します。"
    ),
    "What FILE is (dcap: a TDX or SGX quote; it says itself which).": (
        "FILE の種類（dcap：TDX か SGX のクォート。どちらかは自らが示します）。"
    ),
    "Certificates or revocation lists (DER or PEM, one or several), or DCAP collateral (JSON).": (
        "証明書か失効リスト（DER か PEM、一つでも複数でも）、または DCAP のコラテラル（JSON）。"
    ),
    "Judge as at this time: RFC 3339, or seconds since 1970 (default: the clock).": (
        "この時点として評価します：RFC 3339、または 1970 年からの秒数（既定：時計）。"
    ),
    "It must answer this nonce.": "このナンスに答えたものでなければなりません。",
    "It must carry exactly this report data.": "ちょうどこのレポートデータを持たなければなりません。",
    "Your appraisal policy, TOML (default: genuineness alone).": (
        "あなたの評価ポリシー、TOML（既定：本物かどうかだけ）。"
    ),
    "Trust this certificate beside the vendor's pinned root.": (
        "製造元の固定されたルートに加えて、この証明書を信頼します。"
    ),
    "tpm: a public key (DER or PEM) that was bound to its TPM before.": (
        "tpm：以前その TPM に結び付けられた公開鍵（DER か PEM）。"
    ),
    "A root that you named is trusted beside the vendor's own. If the evidence leads to it, the vendor has confirmed "
    "nothing.": (
        "製造元のルートに加えて、あなたが挙げたルートを信頼しています。証拠がそこに行き着くなら、製造元は何も"
        "確認していません。"
    ),
    "Judge also by what 'warifu evidence refresh' has kept.": (
        "「warifu evidence refresh」が保存した文書も使って評価します。"
    ),
    "Fetch what the evidence in FILE is judged by, check it down to the vendor's root, and keep it.": (
        "FILE の証拠を評価するための文書を取得し、製造元のルートまで検査して、保存します。"
    ),
    "Whoever is asked learns the kind of machine (Intel) or the very chip (AMD). Documents older than the kept ones "
    "are refused. 'warifu evidence verify --kept' uses what was kept, offline.": (
        "問い合わせ先は、機械の種類（Intel）またはそのチップそのもの（AMD）を知ります。保存済みの文書より古いものは"
        "拒否します。「warifu evidence verify --kept」は、保存した文書をネットワークなしで使います。"
    ),
    "Ask this service (a PCCS, a mirror) instead of the vendor's own.": (
        "製造元のサービスの代わりに、このサービス（PCCS やミラー）に問い合わせます。"
    ),
    "Evidence of this format brings along what it is judged by; there is nothing to fetch.": (
        "この形式の証拠は、評価に使う文書を自ら持っています。取得するものはありません。"
    ),
    "Document": "文書",
    "Renew before": "更新の期限",
    "new": "新しい",
    "as before": "前と同じ",
    "Affirmed.": "肯定されました。",
    "Not affirmed. The first check that failed: {check}": "肯定されませんでした。最初に失敗した検査：{check}",
    "Tier": "段階",
    "Debug mode": "デバッグモード",
    "YES: its host may read its memory": "はい：ホストがメモリーを読めます",
    "Report data": "レポートデータ",
    "Nonce": "ナンス",
    "Firmware": "ファームウェア",
    "Vendor's verdict": "製造元の判定",
    "Known weaknesses": "既知の弱点",
    "Attributes": "属性",
    "Chip": "チップ",
    "Made": "作成",
    "Can be checked until": "検査できる期限",
    "Checked: signature, the chain to a trusted root, validity at {moment}, and the policy {policy}.": (
        "検査したもの：署名、信頼するルートまでの連鎖、{moment} の時点での有効性、ポリシー {policy}。"
    ),
    "'genuine, and no debug mode'": "「本物であり、デバッグモードでない」",
    "Without --policy nobody has said which measurements are right: compare them with your release's.": (
        "--policy がなければ、どの測定値が正しいかは誰も述べていません。お使いのリリースの値と比べてください。"
    ),
    "0: counts as isolation by software": "0：ソフトウェアによる分離とみなされます",
    "1: measured boot and a hardware root of trust; the share enters ordinary memory while signing": (
        "1：測定されたブートとハードウェアの信頼の起点。署名の間、シェアは通常のメモリーに入ります"
    ),
    "2: a confidential machine or enclave, whose memory the host cannot read": (
        "2：機密マシンかエンクレーブ。ホストはそのメモリーを読めません"
    ),
    "TPM 2.0: a quote over what was measured at boot": "TPM 2.0：ブート時に測定されたもののクォート",
    "AMD SEV-SNP: a report about a confidential virtual machine": "AMD SEV-SNP：機密仮想マシンのレポート",
    "Intel TDX: a quote about a trust domain (a confidential virtual machine)": (
        "Intel TDX：トラストドメイン（機密仮想マシン）のクォート"
    ),
    "Intel SGX: a quote about an enclave": "Intel SGX：エンクレーブのクォート",
    "AWS Nitro: an attestation document of an enclave": "AWS Nitro：エンクレーブのアテステーション文書",
    "What cannot be checked: whether somebody with the machine in hand attacks its chip or its memory, and whether "
    "the program that was measured is a good one.": (
        "検査できないもの：マシンを手にした誰かがチップやメモリーを攻撃していないか、また、測定されたプログラムが"
        "良いものかどうか。"
    ),
    "What cannot be checked: what happens after boot. A TPM is no enclave: whoever rules the running kernel reads the "
    "memory.": (
        "検査できないもの：ブートのあとに起きること。TPM はエンクレーブではなく、動いているカーネルを支配する者は"
        "メモリーを読めます。"
    ),
    "What cannot be checked: AWS itself, which makes, runs and vouches for this machine; and whether the program that "
    "was measured is a good one.": (
        "検査できないもの：このマシンを作り、動かし、保証する AWS 自身。また、測定されたプログラムが良いものかどうか。"
    ),
    "Certificate of the maker of the device's TPM (DER or PEM). Repeatable.": (
        "端末の TPM の製造者の証明書（DER または PEM）。繰り返し指定できます。"
    ),
    "nobody vouches for the TPM of {name} ({detail}): it counts as tier 0. With the certificate of its maker: "
    "warifu devices accept {name} --root FILE": (
        "{name} の TPM を保証する者がいません（{detail}）。階層 0 として扱います。"
        "製造者の証明書があれば: warifu devices accept {name} --root FILE"
    ),
    "the TPM of {name} is a simulator: a program that keeps no secret from its host": (
        "{name} の TPM はシミュレータです。ホストに対して何も秘密にできないプログラムです"
    ),
    # --- warifu tpm ---
    "A device whose share is sealed by its machine's TPM, and opens only as its owner approved that it boots.": (
        "分散鍵がその機械の TPM で封じられ、持ち主が承認した起動でしか開かない端末。"
    ),
    "Accept a simulator (swtpm), which protects nothing.": "シミュレータ（swtpm）を受け入れます。何も守りません。",
    "Approve only a change that you made yourself: a new kernel, new firmware. From then on the device's store opens "
    "when it boots so.": (
        "自分で行った変更（新しいカーネル、新しいファームウェア）だけを承認してください。"
        "以後、端末の保管庫はその起動で開きます。"
    ),
    "Approve what a device booted. REQUEST is what it shows.": (
        "端末が起動したものを承認します。REQUEST は端末が表示する文字列です。"
    ),
    "Ask the owner to approve what this machine booted, after an update. The device must not be running.": (
        "更新のあと、この機械が起動したものの承認を持ち主に求めます。端末は動いていてはいけません。"
    ),
    "Did you change what this device boots, or set it up just now?": (
        "この端末の起動するものを自分で変えましたか、または今設定したところですか。"
    ),
    "End a lock-out of the TPM after too many wrong passphrases. Needs the secret that 'set-up' showed.": (
        "誤ったパスフレーズが続いたあとの TPM の締め出しを終わらせます。'set-up' が表示した秘密が必要です。"
    ),
    "Give this device the owner's APPROVAL. The device must not be running.": (
        "持ち主の APPROVAL をこの端末に渡します。端末は動いていてはいけません。"
    ),
    "How the TPM is reached.": "TPM への接続先。",
    "Is it written down?": "書き留めましたか。",
    "It keeps a key in the TPM, sets how wrong passphrases are counted, and shows a secret that alone can end a "
    "lock-out: write it down. Then it asks for your approval of what is booted now; without it nothing that is sealed "
    "ever opens.": (
        "TPM に鍵を置き、誤ったパスフレーズの数え方を決め、締め出しを終わらせられる唯一の秘密を表示します。"
        "書き留めてください。そのあと、今起動しているものの承認を求めます。承認がなければ、封じたものは決して開きません。"
    ),
    "On the device:": "端末で:",
    "On the owner's client:": "持ち主のクライアントで:",
    "Print the public key by which devices know your approvals. The key itself stays in your profile.": (
        "端末があなたの承認を見分けるための公開鍵を表示します。鍵そのものはプロファイルに残ります。"
    ),
    "Remove from the TPM what 'set-up' put there, and nothing else. What this device sealed never opens again.": (
        "'set-up' が TPM に置いたものだけを取り除きます。この端末が封じたものは二度と開きません。"
    ),
    "Secret that 'warifu tpm set-up' showed": "'warifu tpm set-up' が表示した秘密",
    "Set this machine's device up with its TPM, before it is enrolled.": (
        "この機械の端末を、登録の前に、その TPM で設定します。"
    ),
    "TPM": "TPM",
    "Take back, for good, every approval older than the one of this boot.": (
        "この起動の承認より古い承認を、すべて永久に取り消します。"
    ),
    "The TPM counts from zero again.": "TPM は再び 0 から数えます。",
    "The TPM is as it was before.": "TPM は以前の状態に戻りました。",
    "The approval is kept: what is sealed opens under this boot.": (
        "承認を保存しました。封じたものはこの起動で開きます。"
    ),
    "The device's share will be lost. Go on?": "端末の分散鍵は失われます。続けますか。",
    "What 'warifu tpm update-key' printed for the owner.": "持ち主の 'warifu tpm update-key' が表示したもの。",
    "Write this down, away from the device: it alone ends a lock-out of the TPM.": (
        "端末から離れたところに書き留めてください。TPM の締め出しを終わらせられるのはこれだけです。"
    ),
    "approval number": "承認番号",
    "measured": "測定対象",
    "values": "値",
    # --- the appliance ---
    "A device whose signer runs in a virtual machine: a small measured system, and a share that opens only in it.": (
        "署名者が仮想マシンで動く端末。測定された小さなシステムで、分散鍵はその中でだけ開きます。"
    ),
    "It is no enclave: whoever controls this computer can read the virtual machine's memory and its virtual TPM.": (
        "エンクレーブではありません。このコンピュータを支配する者は、仮想マシンのメモリと仮想 TPM を読めます。"
    ),
    "The folder that tools/build-appliance.sh printed.": "tools/build-appliance.sh が表示したフォルダ。",
    "Make this machine's device an appliance, before it is enrolled.": (
        "この機械の端末を、登録の前に、アプライアンスにします。"
    ),
    "It is started once, sets its virtual TPM up, and asks for your approval of what it booted. Then enrol it with "
    "'warifu signer join' and start it with 'warifu signer run', as every device.": (
        "一度起動し、仮想 TPM を設定し、起動したものの承認を求めます。そのあとは他の端末と同じく、"
        "'warifu signer join' で登録し、'warifu signer run' で起動します。"
    ),
    "Start the device from another image, from now on. It must not be running.": (
        "これからは別のイメージから端末を起動します。端末は動いていてはいけません。"
    ),
    "The new image is started once and asks for your approval; without it the share stays shut in it.": (
        "新しいイメージを一度起動し、承認を求めます。承認がなければ、その中で分散鍵は閉じたままです。"
    ),
    "The appliance is started; this can take some minutes.": (
        "アプライアンスを起動しています。数分かかることがあります。"
    ),
    "What it printed (warifu-approval:...)": "そこに表示されたもの（warifu-approval:...）",
    # --- keepers of a sealing secret ---
    "Devices of the wallet that get a piece (default: all others).": (
        "断片を預かる、ウォレットの端末（既定: 他のすべて）。"
    ),
    "How many of them open the device.": "そのうち何台で端末が開くか。",
    "The wallet whose devices they are.": "それらの端末が属するウォレット。",
    "Have the device NAME, whose TEE has no sealing key, deal its sealing secret to keepers that open it from then "
    "on.": (
        "TEE に封印鍵のない端末 NAME に、封印の秘密を預かり手へ分けさせます。以後はその預かり手が端末を開きます。"
    ),
    "Without it such a device is lost when its power fails. Do it right after the wallet was made, before money comes, "
    "and again when a keeper is replaced: each time a new secret is dealt.": (
        "これをしないと、そのような端末は電源が切れたときに失われます。ウォレットを作った直後、入金の前に行い、"
        "預かり手を替えたときにも行ってください。毎回、新しい秘密が分けられます。"
    ),
    "So few keepers open this device's store that only the passphrase keeps its share from them.": (
        "この端末を開く預かり手がこれほど少ないと、その分散鍵を預かり手から守るのはパスフレーズだけになります。"
    ),
    "Any {threshold} of {names} will open {name} when it starts. Hand its secret out?": (
        "{names} のうち {threshold} 台で、起動時に {name} が開きます。秘密を分けますか。"
    ),
    "{name} starts by its keepers from now on: {names}.": "{name} は、これからは次の預かり手によって開きます: {names}",
    "opened by": "開く端末",
    "NOBODY: it is lost when its power fails ('warifu devices hand-out')": (
        "なし: 電源が切れると失われます（'warifu devices hand-out'）"
    ),
    "Nobody holds this device's sealing secret yet: if it ends now, it is lost. Make its wallet, then "
    "run 'warifu devices hand-out {name}'.": (
        "この端末の封印の秘密は、まだ誰も預かっていません。いま終わると失われます。ウォレットを作ってから "
        "'warifu devices hand-out {name}' を実行してください。"
    ),
    "waits for its keepers": "預かり手を待っています",
    "What is measured that must not change (default: 0,2,4,7,8,9).": (
        "変わってはならない測定対象（既定: 0,2,4,7,8,9）。"
    ),
    "Type the secret that an interrupted set-up showed.": "中断した設定が表示した秘密を入力します。",
}
