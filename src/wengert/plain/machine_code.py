"""The trampolines as LLVM makes them for x86-64 (System V); written by ``python -m wengert.plain.assemble``."""

# For each kind: where it begins, the places of addresses in its table and which, the bytes in base 85.
CODE: dict[str, tuple[int, list[tuple[int, int]], tuple[str, ...]]] = {
    "get": (
        256,
        [(11, 24), (194, 8), (324, 112), (394, 112)],
        (
            r"L03UmK~+IiQ%JcvR8mDpPDNKpi$@4di*XQ4Iq(mJfdBviNIO9obbClUK_GN>NQv`EJ3%OP97sDsFmxYCJ3$C^Tu6&CNQuY)Q9y;j",
            r"50${{QcR0^U`YZ0>jX@Te;7=QXAn(=<bFCuG41OJN&m%7IqY;TNQ(nVg}{C#NdL%4i33ZEJnu+_|8(I@Id=$j+enGt=wtu?|EK|U",
            r"&#(dO0x`f_L0myyL0&;$!)9h?W@ctC4<Cd800000NVzFgQbk8jMOR3R0Z4;+2mo{^RY-~DOp8HSNQvP{jdAcuiS$T`dGNXc0000;",
            r"iN`U?LI2Q5iR@j&4<A4PL03UmK~z&ngX|bciStQ`{z!>@BnU`}bR-Z+#{?um0000;iRMU&-{{i*|Np1~bXH7>_vnWI|NlsZz;tR!",
            r"iN{I2kyKJeM@~goNR4zP2)Y6Q002md$1%x4|5POKNrQYOpa66YOo{(ViN`_z6eLWE_(+AobT3IeL?qyKDoBaPLH`saNVt(yQbk8j",
            r"MOR3RK#)v{_ehD}NQ1-}TR~hwUO`{~;4#2RgTxqHL0myzL0`i",
        ),
    ),
    "set": (
        256,
        [(11, 24), (194, 8), (369, 112), (463, 112)],
        (
            r"L03UmK~+IiQ%JcvR8mDpPDNKpi$@4di*XQ4Iq(mJfdBviNIO9obbClUK_GN>NQv`EJ3%OP97sDsFmxYCJ3$C^Tu6&CNQuY)Q9y;j",
            r"50${{QcR0^U`YZ0>jX@Te;7=QXAn(=<bFCuG41OJN&m%7IqY;TNQ(nVg}{C#NdL%4i33ZEJnu+_|8(I@Id=$j+enGt=wtu?|EK|U",
            r"&#(dO0x`f_L0myyL0&;$!)9h?W@ctC4<Cd800000NVzFgQbk8jMOR3R0Z4;+2mo{^RY-~DOp8HSNQvP{jdAcuiS$T`dGNXc0000;",
            r"iN`U?LI2Q5iR@j&4<A4PRY6xlRzX!kR8vTU>?lZy(@BZ;Ns0eRiF_mwNQrbL7)Xg!Bp^tI(hr250000;$3!FuKmY&$NR4zP2uz9h",
            r"=)3;^|EK|V5lD@6BnU`}-{`9T|Np1~baPCJ|L9)-|Np)J|Ns9;g}`)BNr}Wsy^&N>MMq9WS4fR?BoMj-0000;iN`U?LH||oOo{19",
            r"iN#2X$Vh{Epa66WOo``7iNya9Oo`x4h3#|@Op9RPOo{LR5HamdIpuT_iReg!#3)-qTtQtyUO``7!$`Q1R8mDpPDNKpi$IV}iT_NA",
            r"_DG4^NQ1;ETR~hwT|r(!UtRy;",
        ),
    ),
    "one": (
        256,
        [(11, 24), (194, 8), (322, 112), (392, 112)],
        (
            r"L03UmK~+IiQ%JcvR8mDpPDNKpi$@4di*XQ4Iq(mJfdBviNIO9obbClUK_GN>NQv`EJ3%OP97sDsFmxYCJ3$C^Tu6&CNQuY)Q9y;j",
            r"50${{QcR0^U`YZ0>jX@Te;7=QXAn(=<bFCuG41OJN&m%7IqY;TNQ(nVg}{C#NdL%4i33ZEJnu+_|8(I@Id=$j+enGt=wtu?|EK|U",
            r"&#(dO0x`f_L0myyL0&;$!)9h?W@ctC4<Cd800000NVzFgQbk8jMOR3R0Z4;+2mo{^RY-~DOp8HSNQvP{jdAcuiS$T`dGNXc0000;",
            r"iN`U?LI2Q5iR@j&4<A4PL03UmK~z&ngX|bciStQ`{z!>*BnU{yL?jSE0000;jdUasNQvL*)c*hfr~!0VOo{jCi2wipNQJ<3YDtO5",
            r"NxYF%Qbk8jMOR3TbR-D60RR91NQuWW$wB{AB=AXtd?cU%bPY_2|4E6*LH`saOo{kNg}`(#NjpR&;B_iUiN`_z6eLKvkyKJeM@~go",
            r"NQ*#_Oo{hMiQY(q#28yaTtQwzU;p4Sz(|9{7+XPHL0&;$!v",
        ),
    ),
    "fast": (
        256,
        [(11, 24), (194, 8), (330, 112), (384, 112)],
        (
            r"L03UmK~+IiQ%JcvR8mDpPDNKpi$@4di*XQ4Iq(mJfdBviNIO9obbClUK_GN>NQv`EJ3%OP97sDsFmxYCJ3$C^Tu6&CNQuY)Q9y;j",
            r"50${{QcR0^U`YZ0>jX@Te;7=QXAn(=<bFCuG41OJN&m%7IqY;TNQ(nVg}{C#NdL%4i33ZEJnu+_|8(I@Id=$j+enGt=wtu?|EK|U",
            r"&#(dO0x`f_L0myyL0&;$!)9h?W@ctC4<Cd800000NVzFgQbk8jMOR3R0Z4;+2mo{^RY-~DOp8HSNQvP{jdAcuiS$T`dGNXc0000;",
            r"iN`U?LI2Q5iR@j&4<A4PL03UmK~+IiQ%HmC5J-vBNs0DJiT_B)L?j460000;h0=Z`MKSG6jbtPU4<A4PON%`2Oo`^`#Qy*Pr~!2@",
            r"N&m%6IqP-kNVt(yQbk8jMOR3RK#)v{|4fPYNQv4=gTxS9L0myyL0&;$|KLoC|L98p|NlsZz;r}OiNs00kyKJeM@~goNQuWxiS|f|",
            r"+A+yN|5flwgMFX?bPY_2=ShjgLH|_%Oo`w~g}`(VNjpX0bqh#|$3g#90PBe{z(|9{5L-c9L0v&!L0`i",
        ),
    ),
    "named": (
        256,
        [(11, 24), (194, 8), (362, 112), (424, 112)],
        (
            r"L03UmK~+IiQ%JcvR8mDpPDNKpi$@4di*XQ4Iq(mJfdBviNIO9obbClUK_GN>NQv`EJ3%OP97sDsFmxYCJ3$C^Tu6&CNQuY)Q9y;j",
            r"50${{QcR0^U`YZ0>jX@Te;7=QXAn(=<bFCuG41OJN&m%7IqY;TNQ(nVg}{C#NdL%4i33ZEJnu+_|8(I@Id=$j+enGt=wtu?|EK|U",
            r"&#(dO0x`f_L0myyL0&;$!)9h?W@ctC4<Cd800000NVzFgQbk8jMOR3R0Z4;+2mo{^RY-~DOp8HSNQvP{jdAcuiS$T`dGNXc0000;",
            r"iN`U?LI2Q5iR@j&4<A4PRY6xlRzX!kR8vTU>=;Oi%SnmWNs0GJiF_moNQKFC21tu*5bFXl?MwmnNXJAZ5I_I`07!-HelA5Z<V=lh",
            r"BoJn1W@ctC4<Cd800000ON%_`Oo{I3r2hZ^r~!2}N&m!5IpuZeNVt(yQbk8jMOR3RK#)j_d?W}=iT+H9@<@r<NQ1-}TR~hwT|r(!",
            r"UtRy;NQ-<V2<RgJ|NlsZz;r@MiN#30kyKJeM@~goNQuWxiT+H9@<@r<|5flvgMFX?bPP<1?@5Wo|5X4?iQq_uz;q5sJ4N7i3P_2^",
            r"|5X6%gE7EJgTxqHL0myyL0&;$UBd",
        ),
    ),
    "listed": (
        256,
        [(11, 24), (194, 8), (296, 72)],
        (
            r"L03UmK~+IiQ%JcvR8mDpPDNKpi$@4di*XQ4Iq(mJfdBviNIO9obbClUK_GN>NQv`EJ3%OP97sDsFmxYCJ3$C^Tu6&CNQuY)Q9y;j",
            r"50${{QcR0^U`YZ0>jX@Te;7=QXAn(=<bFCuG41OJN&m%7IqY;TNQ(nVg}{C#NdL%4i33ZEJnu+_|8(I@Id=$j+enGt=wtu?|EK|U",
            r"&#(dO0x`f_L0myyL0&;$!)9h?W@ctC4<Cd800000NVzFgQbk8jMOR3R0Z4;+2mo{^RY-~DOp8HSNQvP{jdAcuiS$T`dGNXc0000;",
            r"iN`U?LI2Q5iR@j&4<A4PRY6xlRzX!kR8vTU>=;Oi%Snm%NQKEriF_mobOuO^LlEl%F~CT@X;e~0M@~goNxc96|NsC0|9?n{6eLL@",
            r")JXxvNXJAZ5I_I`08NGDemh8uMF2%H_DqdzBoONeN&m)8IrMZTON%`BNQ+MhNIAiD21q+i_;uw>iSFoq{{R1|0d*-zi$wtI(@2Ya",
            r"BnU{0MYv3f{z!`yBuI(bNQ1-}TR~hwT|r(!UtRy;NQ-<V2uX?j=mY=%|44<vbUaCk#Yl<AOo{$TixebCiP`^E7)XPC$N+Q<Oo{JF",
            r"iN^m`C`^g)NQJ<35lA~l2z3oeiO2s{C`^gx>y$CTNQ1-}TR~hwT|r(!UtPl",
        ),
    ),
    "tuple": (
        256,
        [(11, 24), (194, 8), (275, 112), (347, 112), (408, 112)],
        (
            r"L03UmK~+IiQ%JcvR8mDpPDNKpi$@4di*XQ4Iq(mJfdBviNIO9obbClUK_GN>NQv`EJ3%OP97sDsFmxYCJ3$C^Tu6&CNQuY)Q9y;j",
            r"50${{QcR0^U`YZ0>jX@Te;7=QXAn(=<bFCuG41OJN&m%7IqY;TNQ(nVg}{C#NdL%4i33ZEJnu+_|8(I@Id=$j+enGt=wtu?|EK|U",
            r"&#(dO0x`f_L0myyL0&;$!)9h?W@ctC4<Cd800000NVzFgQbk8jMOR3R0Z4;+2mo{^RY-~DOp8HSNQvP{jdAcuiS$T`dGNXc0000;",
            r"iN`U?LI2Q5iR@j&4<A4PRY6xlRzX!kR8vq$iStQ`{z$lyR8mDpPDNKti*67|i)aW)0rg171SCKJ002#e?S3XjG2}^!=MNu%00000",
            r"N{f8u08EMg=(GO+|EK|VElK~xO*!Rt=SjSgR8mDpPDNKqi$o-lOo{hMiQY(q#0XnKTtQtyUO``7|KLoC_vkwR|NlsZz;r}OiN{EZ",
            r"$4H6ZG15uAkyKJeM@~goLH|@F_(_9&B%lCv4NQsuNr}fn{}d!liTFr`z;qBvJ47Vlbqh#|$3g!TB<qwhz(|9{2wOp1L0v&!L0?_N",
        ),
    ),
    "both": (
        256,
        [(11, 24), (194, 8), (283, 112), (368, 112), (434, 112)],
        (
            r"L03UmK~+IiQ%JcvR8mDpPDNKpi$@4di*XQ4Iq(mJfdBviNIO9obbClUK_GN>NQv`EJ3%OP97sDsFmxYCJ3$C^Tu6&CNQuY)Q9y;j",
            r"50${{QcR0^U`YZ0>jX@Te;7=QXAn(=<bFCuG41OJN&m%7IqY;TNQ(nVg}{C#NdL%4i33ZEJnu+_|8(I@Id=$j+enGt=wtu?|EK|U",
            r"&#(dO0x`f_L0myyL0&;$!)9h?W@ctC4<Cd800000NVzFgQbk8jMOR3R0Z4;+2mo{^RY-~DOp8HSNQvP{jdAcuiS$T`dGNXc0000;",
            r"iN`U?LI2Q5iR@j&4<A4PRY6xlRzX!kR8vTU>=;Rj*GY-?NQrzT2uQe*R8mDpPDNKpi*681i)aW*0rg17L?jSE0000;h3$SVG22Xy",
            r"WF!z~W@ctC4<Cd800000NsD~l08EMI=%fDs|EK|VF-ZTzNIBhg=SYiuBnU{okyKJeM@~goNQ*^~Oo{ePiTX%`#28yaTtQtyUO``7",
            r"|KLcAd?W}-iT&sy|Ns9;g}`(|Nr}WriN{Qd_DqTTNWGC%Qbk8jMOXh-_(+3&pa66XOo``6iNpU@07!}0NQJ<35lA~l;B^g1iO2s{",
            r"08EMR>yk0RNQ1-}TR~hwT|r(!UtPl",
        ),
    ),
}
